import { expect, test } from 'vitest';
import { callName } from '../../src/surface/call-name.ts';
import { parseTarget } from '../../src/surface/target.ts';

test.each([
  ['GET', '/v1beta/files', 'files.list'],
  ['HEAD', '/v1beta/files/abc', 'files.get'],
  ['DELETE', '/v1/files/abc', 'files.delete'],
  ['GET', '/download/v1beta/files/abc:download?alt=media', 'files.download'],
  ['POST', '/upload/v1/files', 'files.create'],
  ['POST', '/v1beta/cachedContents', 'cachedContents.create'],
  ['PATCH', '/v1beta/cachedContents/c', 'cachedContents.update'],
  ['POST', '/v1beta/batches/b:cancel', 'batches.cancel'],
  ['GET', '/v1beta/fileSearchStores/s/documents/d', 'fileSearchStores.documents.get'],
  ['POST', '/v1beta/models/m:predictLongRunning', 'models.predictLongRunning'],
  ['GET', '/v1beta/models/m/operations/o', 'models.operations.get'],
  ['POST', '/v1beta/webhooks/w:ping', 'webhooks.ping'],
  // Whatever a client makes up, there are no more names than these.
  ['POST', '/v1beta/models/m:someDayNew', 'other'],
  ['POST', '/v1beta/models/m:constructor', 'other'],
  ['GET', '/v1beta/things', 'other'],
  ['GET', '/v1beta/files/abc/things', 'other'],
])('%s %s is called %s', (method, target, name) => {
  expect(callName(parseTarget(target), method)).toBe(name);
});
