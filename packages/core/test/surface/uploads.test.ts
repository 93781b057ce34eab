import { describe, expect, test } from 'vitest';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { interactions } from '../../src/dialect/interactions/dialect.ts';
import { geminiSurfaces } from '../../src/surface/gemini.ts';

const surfaces = geminiSurfaces(new Map());
const files = '/upload/v1beta/files';
const session = `${files}?upload_id=a%2Bb&upload_protocol=resumable`;

function match(method: string, target: string, headers: Record<string, string> = {}) {
  return surfaces.match({ method, target, headers });
}

describe('what begins an upload is read, what brings a file’s bytes passes', () => {
  const start = { name: 'upload.start', body: 'whole', upload: { session: null }, repeat: 'if-nothing-happened' };
  const bytes = { name: 'upload', body: 'stream', upload: { session: null }, repeat: 'if-nothing-happened' };
  test.each([
    ['POST', files, { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' }, start],
    ['POST', files, { 'x-goog-upload-command': 'Start' }, start],
    ['POST', `${files}?uploadType=resumable`, {}, start],
    ['PUT', '/upload/v1/environments/e/files/a/b.txt', { 'x-goog-upload-command': 'start' }, start],
    [
      'POST',
      '/upload/v1beta/fileSearchStores/s:uploadToFileSearchStore',
      { 'x-goog-upload-protocol': 'resumable' },
      start,
    ],
    ['POST', files, { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start, upload' }, bytes],
    ['POST', files, { 'x-goog-upload-protocol': 'multipart' }, bytes],
    ['POST', files, { 'x-goog-upload-protocol': 'raw' }, bytes],
    ['POST', `${files}?uploadType=media`, {}, bytes],
    ['POST', `${files}?uploadType=multipart`, {}, bytes],
    ['POST', files, {}, bytes],
    ['POST', '/upload/v9/somethingNew', {}, bytes],
  ])('%s %s %o', (method, target, headers, expected) => {
    const call = match(method, target, headers);
    expect(call).toMatchObject({ ...expected, answer: 'receipt', isSticky: true, wantsJson: false });
    expect(call.dialect).toBe(target.includes('environments') ? interactions : gemini);
  });
});

describe('a session goes on', () => {
  const named = { name: 'upload.session', answer: 'receipt', upload: { session: 'a+b' } };
  test.each([
    ['POST', { 'x-goog-upload-command': 'upload' }, { body: 'stream', repeat: 'if-nothing-happened' }],
    ['PUT', { 'x-goog-upload-command': 'upload, finalize' }, { body: 'stream', repeat: 'if-nothing-happened' }],
    ['POST', { 'x-goog-upload-command': 'finalize' }, { body: 'stream', repeat: 'if-nothing-happened' }],
    ['PUT', { 'content-range': 'bytes 0-9/10' }, { body: 'stream', repeat: 'if-nothing-happened' }],
    ['POST', { 'x-goog-upload-command': 'query' }, { body: 'whole', repeat: 'always' }],
    ['POST', { 'x-goog-upload-command': 'cancel' }, { body: 'whole', repeat: 'if-nothing-happened' }],
    ['GET', {}, { body: 'whole', repeat: 'always' }],
    ['DELETE', {}, { body: 'whole', repeat: 'if-nothing-happened' }],
  ])('%s %o', (method, headers, expected) => {
    expect(match(method, session, headers as Record<string, string>)).toMatchObject({ ...named, ...expected });
  });

  test('and whoever signs it by a parameter does not sign it for the provider', () => {
    expect(match('POST', `${session}&key=alice`).target).toBe(session);
  });
});

test.each([
  '/upload/v1beta/files/..',
  '/upload/v1beta/files%2f..',
  '/upload/v1beta/files/%2e%2e/files',
  '/upload/v1beta/environments/e/files/a%2fb',
  '/upload/v1beta/files%00',
  '/upload//files',
  '/upload',
  '/upload/files',
])('%s is no path', (target) => {
  expect(() => match('POST', target)).toThrow(/no such path|No route|broken percent-encoding/);
});
