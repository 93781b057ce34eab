/** Files as they are kept and shown: of a project, for 48 hours, first PROCESSING and then ACTIVE. */

import { createHash } from 'node:crypto';
import type { SimulatedProject } from '../contract.ts';
import { type Fields, field, text } from './body.ts';
import { Refused } from './refused.ts';
import { service } from './rpc-details.ts';
import { type Keepable, newId } from './shelf.ts';
import type { World } from './world.ts';

/** A file that was uploaded or generated. The bytes of uploads are not kept: Google never gives them back. */
export interface StoredFile extends Keepable {
  readonly displayName: string | undefined;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly createdMs: number;
  readonly sha256: string;
  /** The version of the API that it was made through; its URI names it. */
  readonly version: string;
  readonly generated: Uint8Array | null;
  /** What a batch reads from it; null for bytes that are not kept. */
  readonly lines: Uint8Array | null;
  /** It lies in a bucket of the caller's, and was made known here. */
  readonly isRegistered: boolean;
}

/** What is known of a file before its bytes have come. */
export interface FileDraft {
  readonly project: SimulatedProject;
  readonly version: string;
  readonly mimeType: string;
  /** The client's own choice; one is made where there is none. */
  readonly id?: string | undefined;
  readonly displayName?: string | undefined;
}

/** What has come of the bytes of a file. */
export interface FileBytes {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** The bytes themselves, where they are read again; else null. */
  readonly content: Uint8Array | null;
}

/** Whether a batch may read a file of this type: only such bytes are kept. */
export function hasLines(mimeType: string): boolean {
  return /jsonl?\b/i.test(mimeType);
}

const lifeMs = 48 * 3_600_000;
const idPattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

export function fileName({ id }: Keepable): string {
  return `files/${id}`;
}

/** Reads what a client says of a new file; its name is refused when it is no name or not free. */
export function fileDraft(metadata: Fields, base: FileDraft, world: World): FileDraft {
  const file = field(metadata, 'file');
  const name = text(file, 'name');
  const id = name?.replace(/^files\//, '');
  if (id !== undefined && !idPattern.test(id)) {
    const why = 'must be files/ and up to 40 lowercase letters, digits or dashes, without a dash at either end';
    throw new Refused('missing-field', { field: 'CreateFileRequest.file.name', why });
  }
  requireFree(id, base.project, world);
  return { ...base, id, displayName: text(file, 'displayName'), mimeType: text(file, 'mimeType') ?? base.mimeType };
}

function requireFree(id: string | undefined, project: SimulatedProject, world: World): void {
  if (id !== undefined && world.belongings(project).files.get(id, world.now()) !== null) throw new Refused('exists');
}

/** Keeps a file whose bytes have all come; refused when its name was taken in the meantime. */
export function keepFile(draft: FileDraft, { sizeBytes, sha256, content }: FileBytes, world: World): StoredFile {
  requireFree(draft.id, draft.project, world);
  const { id = newId(12), mimeType, displayName, version, project } = draft;
  const createdMs = world.now();
  const times = { createdMs, expiresMs: createdMs + lifeMs };
  const lines = hasLines(mimeType) ? content : null;
  const origin = { generated: null, lines, isRegistered: false };
  const file: StoredFile = { id, mimeType, displayName, version, sizeBytes, sha256, ...times, ...origin };
  world.belongings(project).files.put(file);
  return file;
}

/** Keeps a file as a model leaves it, bytes and all. */
export function storeFile(draft: FileDraft, bytes: Uint8Array, world: World): StoredFile {
  const file = { ...keepFile(draft, measured(bytes), world), generated: Uint8Array.from(bytes) };
  world.belongings(draft.project).files.put(file);
  return file;
}

/** Bytes that came in one piece. */
export function measured(bytes: Uint8Array): FileBytes {
  return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), content: bytes };
}

/** Whether it may be used in a prompt. */
export function isActive(file: StoredFile, world: World): boolean {
  return world.now() >= file.createdMs + world.fileProcessingMs;
}

/** A file as the API shows it. The hash is base64 of its hexadecimal text: so does Google, whatever its documents say. */
export function fileJson(file: StoredFile, world: World): Fields {
  const time = (ms: number) => new Date(ms).toISOString();
  const origin = world.fileUris === 'google' ? `https://${service}` : world.origin();
  const uri = `${origin}/${file.version}/${fileName(file)}`;
  return {
    name: fileName(file),
    displayName: file.displayName,
    mimeType: file.mimeType,
    sizeBytes: String(file.sizeBytes),
    createTime: time(file.createdMs),
    updateTime: time(file.createdMs),
    expirationTime: time(file.expiresMs),
    sha256Hash: Buffer.from(file.sha256).toString('base64'),
    uri,
    ...(file.generated === null ? {} : { downloadUri: `${uri}:download?alt=media` }),
    state: isActive(file, world) ? 'ACTIVE' : 'PROCESSING',
    source: file.isRegistered ? 'REGISTERED' : file.generated === null ? 'UPLOADED' : 'GENERATED',
  };
}
