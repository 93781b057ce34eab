/** File search stores and the documents in them: of a project, for as long as nobody deletes them. */

import type { SimulatedProject } from '../contract.ts';
import { type Fields, list } from './body.ts';
import { messageType, type Operation, operationJson, startOperation } from './operations.ts';
import { Refused } from './refused.ts';
import { type Keepable, newId, Shelf } from './shelf.ts';
import type { World } from './world.ts';

/** A document, cut up and embedded after a while. */
export interface StoredDocument extends Keepable {
  readonly displayName: string | undefined;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly createdMs: number;
  readonly activeMs: number;
  readonly customMetadata: readonly unknown[];
}

export interface FileSearchStore extends Keepable {
  readonly displayName: string;
  readonly createdMs: number;
  readonly documents: Shelf<StoredDocument>;
}

/** What is known of a document before it is kept. */
export interface DocumentDraft {
  readonly storeId: string;
  readonly displayName: string | undefined;
  readonly mimeType: string;
  readonly sizeBytes: number;
  /** From the body of an import. */
  readonly fields?: Fields;
}

/** A new store, empty. Its id begins with its name, as at Google. */
export function newStore(displayName: string, project: SimulatedProject, world: World): FileSearchStore {
  const slug = displayName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 20);
  const id = `${slug === '' ? '' : `${slug}-`}${newId(12)}`;
  const documents = new Shelf<StoredDocument>(`${project.id}/fileSearchStores/${id}/documents`);
  const store = { id, displayName, createdMs: world.now(), expiresMs: Infinity, documents };
  world.belongings(project).stores.put(store);
  return store;
}

/** A store of this project. */
export function ownStore(id: string, project: SimulatedProject, world: World): FileSearchStore {
  const store = world.belongings(project).stores.get(id, world.now());
  if (store === null) throw new Refused('not-yours', { kind: 'FileSearchStore', name: id });
  return store;
}

/** Puts a document in. @returns its operation, which says the name of the document when it is done */
export function addDocument(
  draft: DocumentDraft,
  kind: 'import' | 'upload',
  project: SimulatedProject,
  world: World,
): Operation {
  const { storeId, displayName, mimeType, sizeBytes } = draft;
  const { documents } = ownStore(storeId, project, world);
  const createdMs = world.now();
  const document: StoredDocument = {
    ...{ id: newId(12), displayName, mimeType, sizeBytes, createdMs },
    activeMs: createdMs + world.operationMs,
    expiresMs: Infinity,
    customMetadata: list(draft.fields, 'customMetadata'),
  };
  documents.put(document);
  const parent = `fileSearchStores/${storeId}`;
  const type = kind === 'import' ? 'ImportFileResponse' : 'UploadToFileSearchStoreResponse';
  const result = (): Fields => ({
    '@type': messageType(type),
    parent,
    documentName: `${parent}/documents/${document.id}`,
  });
  return startOperation(kind === 'import' ? parent : `${parent}/upload`, { result }, project, world);
}

/** Puts in what was uploaded. @returns what is shown of it, now and later */
export function uploadDocument(draft: DocumentDraft, project: SimulatedProject, world: World): () => Fields {
  const operation = addDocument(draft, 'upload', project, world);
  return (): Fields => operationJson(operation, world);
}

/** Counters are 64-bit, so they are texts; those that are zero are left out, as protobuf does. */
export function storeJson({ id, displayName, createdMs, documents }: FileSearchStore, world: World): Fields {
  const nowMs = world.now();
  const all = documents.all(nowMs);
  const active = all.filter(({ activeMs }) => nowMs >= activeMs);
  const sizeBytes = active.reduce((sum, document) => sum + document.sizeBytes, 0);
  const count = (number: number) => (number === 0 ? undefined : String(number));
  return {
    name: `fileSearchStores/${id}`,
    displayName: displayName === '' ? undefined : displayName,
    createTime: new Date(createdMs).toISOString(),
    updateTime: new Date(createdMs).toISOString(),
    activeDocumentsCount: count(active.length),
    pendingDocumentsCount: count(all.length - active.length),
    sizeBytes: count(sizeBytes),
  };
}

export function documentJson(storeId: string, document: StoredDocument, world: World): Fields {
  const { id, displayName, mimeType, sizeBytes, createdMs, activeMs, customMetadata } = document;
  const isActive = world.now() >= activeMs;
  return {
    name: `fileSearchStores/${storeId}/documents/${id}`,
    displayName,
    customMetadata: customMetadata.length > 0 ? customMetadata : undefined,
    createTime: new Date(createdMs).toISOString(),
    updateTime: new Date(isActive ? activeMs : createdMs).toISOString(),
    state: isActive ? 'STATE_ACTIVE' : 'STATE_PENDING',
    sizeBytes: String(sizeBytes),
    mimeType,
  };
}
