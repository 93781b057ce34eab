/** Answers calls about file search stores and their documents. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { text } from './body.ts';
import type { Call } from './call.ts';
import { ownFile } from './file-calls.ts';
import { isActive } from './files.ts';
import { operationJson } from './operations.ts';
import { pageReply } from './pages.ts';
import { bodyOf, Refused, requireSome } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { addDocument, documentJson, newStore, ownStore, storeJson } from './stores.ts';
import type { World } from './world.ts';

/** @returns the answer; somebody else's store and none at all are the same 403 */
export function answerStoreCall(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const json = (value: unknown) => jsonReply(value, world.now());
  const { stores } = world.belongings(project);
  switch (call.method) {
    case 'listFileSearchStores': {
      const show = (store: Parameters<typeof storeJson>[0]) => storeJson(store, world);
      return pageReply(stores, call, world, { name: 'fileSearchStores', usual: 10, most: 20, show });
    }
    case 'createFileSearchStore':
      return json(storeJson(newStore(text(bodyOf(request), 'displayName') ?? '', project, world), world));
    case 'getFileSearchStore':
      return json(storeJson(ownStore(call.resource, project, world), world));
    case 'deleteFileSearchStore': {
      const store = ownStore(call.resource, project, world);
      const isForced = call.query.get('force') === 'true';
      if (!isForced && store.documents.all(world.now()).length > 0) throw new Refused('store-not-empty');
      stores.delete(store.id);
      return json({});
    }
    case 'importFile':
      return json(imported(call, request, project, world));
    case 'listDocuments': {
      const { id, documents } = ownStore(call.parent, project, world);
      const show = (document: Parameters<typeof documentJson>[1]) => documentJson(id, document, world);
      return pageReply(documents, call, world, { name: 'documents', usual: 10, most: 20, show });
    }
    default: {
      const { id, documents } = ownStore(call.parent, project, world);
      const document = documents.get(call.resource, world.now());
      if (document === null) throw new Refused('not-yours', { kind: 'Document', name: call.resource });
      if (call.method === 'getDocument') return json(documentJson(id, document, world));
      documents.delete(document.id);
      return json({});
    }
  }
}

/** The file and the store have to be the project's, both. */
function imported(call: Call, request: RecordedRequest, project: SimulatedProject, world: World) {
  const fields = bodyOf(request);
  const name = text(fields, 'fileName');
  requireSome(name === undefined ? [] : [name], 'ImportFileRequest.file_name', 'file_name is not specified');
  const store = ownStore(call.resource, project, world);
  const file = ownFile((name ?? '').replace(/^files\//, ''), project, world);
  if (!isActive(file, world)) throw new Refused('file-not-active', { file: file.id });
  const { displayName, mimeType, sizeBytes } = file;
  const draft = { storeId: store.id, displayName, mimeType, sizeBytes, fields };
  return operationJson(addDocument(draft, 'import', project, world), world);
}
