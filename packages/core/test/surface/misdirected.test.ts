import { expect, test } from 'vitest';
import { assertDirected } from '../../src/surface/misdirected.ts';

test.each([
  ['/v1beta/v1/models/m:generateContent', 'two versions'],
  ['/v1beta/upload/v1beta/files', 'two versions'],
  ['/upload/v1beta/v1beta/files', 'two versions'],
  ['/v1/chat/completions', '/v1beta/openai/'],
  ['/v1/embeddings', '/v1beta/openai/'],
  ['/v1/messages', 'no Anthropic API'],
])('who asks for %s is told how the base URL should be', (path, help) => {
  expect(() => assertDirected(path)).toThrow(
    expect.objectContaining({ code: 'not_found', message: expect.stringContaining(help) }),
  );
});

test.each([
  '/v1/models/m:embedContent',
  '/v1beta/files/v1',
  '/v1beta/openai/chat/completions',
  '/v1/things',
  '/upload/v1/files',
])('%s passes', (path) => expect(() => assertDirected(path)).not.toThrow());
