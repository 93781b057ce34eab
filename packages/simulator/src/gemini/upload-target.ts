/** What the bytes of an upload are for: a file, a document in a store, a file in an environment. */

import type { SimulatedProject } from '../contract.ts';
import { type Fields, text } from './body.ts';
import type { Call } from './call.ts';
import { environmentFileJson, keepEnvironmentFile } from './environment-files.ts';
import { type FileBytes, fileDraft, fileJson, hasLines, keepFile } from './files.ts';
import { Refused } from './refused.ts';
import { ownStore, uploadDocument } from './stores.ts';
import type { World } from './world.ts';

/** Known from the start of an upload to its last byte. */
export interface UploadTarget {
  readonly project: SimulatedProject;
  readonly version: string;
  /** Behind `upload/` and the version. */
  readonly path: string;
  /** Bytes that are read again are kept; all others are counted and hashed. */
  readonly keepsBytes: boolean;
  /** Puts the bytes where they belong. @returns what is shown of that, now and whenever it is asked for again */
  finish(bytes: FileBytes): () => Fields;
}

/** What the start of an upload says. */
export interface UploadStart {
  readonly call: Call;
  readonly project: SimulatedProject;
  readonly metadata: Fields;
  readonly mimeType: string;
  /** From a header of the SDK's. */
  readonly fileName: string | undefined;
}

/** @throws Refused for a name that is none or not free, and for what belongs to somebody else */
export function uploadTarget({ call, project, metadata, mimeType, fileName }: UploadStart, world: World): UploadTarget {
  const { version } = call;
  switch (call.method) {
    case 'uploadToFileSearchStore': {
      const { id } = ownStore(call.resource, project, world);
      const type = text(metadata, 'mimeType') ?? mimeType;
      const displayName = text(metadata, 'displayName') ?? fileName;
      return {
        ...{ project, version, keepsBytes: false },
        path: `fileSearchStores/${id}:uploadToFileSearchStore`,
        finish: ({ sizeBytes }) =>
          uploadDocument({ storeId: id, displayName, mimeType: type, sizeBytes }, project, world),
      };
    }
    case 'uploadEnvironmentFile': {
      const environment = world.belongings(project).tree.get(`environments/${call.parent}`, world.now());
      if (environment === null) throw new Refused('not-found');
      return {
        ...{ project, version, keepsBytes: true },
        path: `environments/${call.parent}/files/${encodeURIComponent(call.resource)}`,
        finish(bytes) {
          const file = keepEnvironmentFile(call.parent, call.resource, mimeType, bytes, project, world);
          return () => environmentFileJson(file);
        },
      };
    }
    default: {
      const draft = fileDraft(metadata, { project, version, mimeType }, world);
      return {
        ...{ project, version, path: 'files' },
        keepsBytes: hasLines(draft.mimeType),
        finish(bytes) {
          const file = keepFile(draft, bytes, world);
          return () => ({ file: fileJson(file, world) });
        },
      };
    }
  }
}
