import { describe, expect, test, vi } from 'vitest';

// The web's way: a hash comes later.
vi.mock('#platform', async () => await import('../../src/platform/web.ts'));

import { conversationOf } from '../../src/affinity/conversation.ts';
import { madeBy } from '../../src/affinity/creations.ts';
import { referencesOf } from '../../src/affinity/references.ts';

const call = { method: 'POST', path: '/v1/models/m:generateContent', query: [] };
const hash = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';

describe('where a hash takes its time', () => {
  test('a request with a token waits for it, and keeps the order', async () => {
    const body = { cachedContent: 'cachedContents/c', continuationToken: 'foo', fileName: 'files/f' };
    const found = referencesOf(call, bytes(body), null);
    expect(found).toBeInstanceOf(Promise);
    expect((await found).map(({ name }) => name)).toEqual(['cachedContents/c', `token/${hash}`, 'files/f']);
  });

  test('a request without one waits for nothing', () => {
    expect(referencesOf(call, bytes({ cachedContent: 'cachedContents/c' }), null)).toHaveLength(1);
  });

  test('an answer with a token is read all the same', async () => {
    expect(await madeBy(call, { candidates: [{ continuationToken: 'foo' }] }, 0)).toMatchObject([
      { name: `token/${hash}` },
    ]);
  });

  test('a conversation has its key later', async () => {
    const key = conversationOf(bytes({ contents: [{ parts: [{ text: 'Hi' }] }] }));
    expect(key).toBeInstanceOf(Promise);
    expect(await key).toMatch(/^[0-9a-f]{64}$/);
  });
});

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
