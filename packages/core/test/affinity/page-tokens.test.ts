import { type FakeClock, fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { type Cursor, PageTokens } from '../../src/affinity/page-tokens.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

const cursor: Cursor = { project: 'canary-project', token: 'canary-token' };
const aliceFiles = { callerId: 'alice', list: 'files' };
const dayMs = 24 * 3_600_000;

describe('a page token', () => {
  test('leads back to where the list stood, and shows nothing of it', async () => {
    const { tokens } = setTokens();
    const token = await tokens.seal(cursor, aliceFiles);
    expect(token).toMatch(/^[\w-]+$/);
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain('canary');
    expect(await tokens.open(token, aliceFiles)).toEqual(cursor);
    expect(await tokens.seal(cursor, aliceFiles)).not.toBe(token);
  });

  test.each([
    ['another caller', { ...aliceFiles, callerId: 'bob' }],
    ['another list', { ...aliceFiles, list: 'cachedContents' }],
    ['a caller and a list whose names run together otherwise', { callerId: 'alicef', list: 'iles' }],
  ])('is none for %s', async (_who, of) => {
    const { tokens } = setTokens();
    const token = await tokens.seal(cursor, aliceFiles);
    await expect(tokens.open(token, of)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('is none for another pool', async () => {
    const { tokens, clock, store } = setTokens();
    const others = setTokens(clock, store, 'other').tokens;
    const token = await tokens.seal(cursor, aliceFiles);
    await expect(others.open(token, aliceFiles)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('is none with one letter changed, wherever that is', async () => {
    const { tokens } = setTokens();
    const token = await tokens.seal(cursor, aliceFiles);
    for (let at = 0; at < token.length - 1; at++) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      await expect(tokens.open(changed, aliceFiles)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  test.each(['', 'CAAQBw', 'no base64!', 'ä', 'A'.repeat(100_000)])(
    'is nothing that somebody made up: %j',
    async (made) => {
      const { tokens } = setTokens();
      const sent = made === 'long' ? 'A'.repeat(100_000) : made;
      const error: unknown = await tokens.open(sent, aliceFiles).catch((refused: unknown) => refused);
      expect(error).toMatchObject({ code: 'invalid_request' });
      expect((error as Error).message).not.toContain(made || 'canary');
    },
  );

  test('of one gateway is good for another of the same store, also when both begin at once', async () => {
    const { tokens, clock, store } = setTokens();
    const second = setTokens(clock, store).tokens;
    const [one, other] = await Promise.all([tokens.seal(cursor, aliceFiles), second.seal(cursor, aliceFiles)]);
    expect(await tokens.open(other, aliceFiles)).toEqual(cursor);
    expect(await second.open(one, aliceFiles)).toEqual(cursor);
    const elsewhere = setTokens().tokens;
    await expect(elsewhere.open(one, aliceFiles)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('stays good as long as lists are read, whoever restarts meanwhile', async () => {
    const { tokens, clock, store } = setTokens();
    for (let days = 0; days < 90; days += 10) {
      await tokens.seal(cursor, aliceFiles);
      clock.advance(10 * dayMs);
    }
    const token = await tokens.seal(cursor, aliceFiles);
    expect(await setTokens(clock, store).tokens.open(token, aliceFiles)).toEqual(cursor);
  });

  test('that was made while the store was away is forgotten with it, and the agreed ones are good again', async () => {
    let isAway = false;
    const { tokens, clock, store } = setTokens();
    const agreed = await tokens.seal(cursor, aliceFiles);
    const local = memoryStore(clock);
    const claim = store.claim.bind(store);
    store.claim = (...asked) => (isAway ? local.claim(...asked) : claim(...asked));
    const second = new PageTokens({ store, pool: 'gemini', clock, canTell: () => !isAway });
    isAway = true;
    await expect(second.open(agreed, aliceFiles)).rejects.toMatchObject({ code: 'invalid_request' });
    isAway = false;
    expect(await second.open(agreed, aliceFiles)).toEqual(cursor);
  });

  test('is not made while the store answers nothing, and is the next time', async () => {
    const { clock, store } = setTokens();
    const claim = store.claim.bind(store);
    store.claim = () => Promise.reject(new Error('gone'));
    const tokens = new PageTokens({ store, pool: 'gemini', clock, canTell: () => true });
    await expect(tokens.seal(cursor, aliceFiles)).rejects.toThrow('gone');
    store.claim = claim;
    expect(await tokens.open(await tokens.seal(cursor, aliceFiles), aliceFiles)).toEqual(cursor);
  });
});

function setTokens(clock: FakeClock = fakeClock(), store: Store = memoryStore(clock), pool = 'gemini') {
  return { clock, store, tokens: new PageTokens({ store, pool, clock, canTell: () => true }) };
}
