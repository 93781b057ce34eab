import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conversationOf } from '../../src/affinity/conversation.ts';

const user = (text: string) => ({ role: 'user', parts: [{ text }] });
const model = (text: string) => ({ role: 'model', parts: [{ text, thoughtSignature: 'sig' }] });

describe('a conversation', () => {
  const system = { parts: [{ text: 'Be brief.' }] };

  test.each([
    ['camelCase', { contents: [user('Hi')], systemInstruction: system }, 'contents', user, model],
    ['snake_case', { system_instruction: system, contents: [user('Hi')] }, 'contents', user, model],
    ['no instruction', { contents: [user('Hi')] }, 'contents', user, model],
    ['no role', { contents: [{ parts: [{ text: 'Hi' }] }] }, 'contents', user, model],
    ['a role behind the parts', { contents: [{ parts: [{ text: 'Hi' }], role: 'user' }] }, 'contents', user, model],
    [
      'OpenAI',
      { model: 'm', messages: [say('system', 'Be brief.'), say('user', 'Hi')] },
      'messages',
      (text: string) => say('user', text),
      (text: string) => say('assistant', text),
    ],
  ])('is the same at every turn: %s', async (_what, first, field, ask, answer) => {
    const opening = first as unknown as Record<string, unknown[]>;
    const later = {
      ...opening,
      [field]: [...(opening[field] ?? []), answer('Hello'), ask('More'), answer('No'), ask('Why?')],
    };
    const key = await keyOf(first);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(await keyOf(later)).toBe(key);
    expect(await keyOf(later, 2)).toBe(key);
  });

  test('is another one with another first turn or another instruction', async () => {
    const bodies = [
      { contents: [user('Hi')] },
      { contents: [user('Hello')] },
      { contents: [user('Hi')], systemInstruction: system },
      { contents: [user('Hi')], systemInstruction: { parts: [{ text: 'Be long.' }] } },
      { messages: [say('system', 'Be brief.'), say('user', 'Hello')] },
      { messages: [say('developer', 'Be long.'), say('user', 'Hello')] },
    ];
    const keys = await Promise.all(bodies.map((body) => keyOf(body)));
    expect(new Set(keys).size).toBe(bodies.length);
  });

  test('is another one with another image', async () => {
    const image = (data: string) => ({
      contents: [{ role: 'user', parts: [{ inlineData: { data } }, { text: 'What?' }] }],
    });
    expect(await keyOf(image('a'.repeat(3_000_000)))).not.toBe(await keyOf(image('b'.repeat(3_000_000))));
    expect(await keyOf(image('a'.repeat(3_000_000)))).not.toBe(await keyOf(image('a'.repeat(3_000_001))));
  });

  test('begins with the first turn that is the user’s', async () => {
    const greeted = { contents: [model('Welcome'), user('Hi')] };
    expect(await keyOf(greeted)).toBe(await keyOf({ contents: [user('Hi')] }));
  });

  test('has its instruction also behind a long history', async () => {
    const history = Array.from({ length: 400 }, (_, at) => (at % 2 === 0 ? user(`q${at}`) : model('x'.repeat(5_000))));
    const short = { contents: [user('q0')], systemInstruction: system };
    expect(await keyOf({ contents: history, systemInstruction: system })).toBe(await keyOf(short));
    expect(await keyOf({ contents: history })).not.toBe(await keyOf(short));
  });

  test('is not told by a signature, which differs from answer to answer', async () => {
    const signed = (thoughtSignature: string) => ({
      contents: [{ role: 'user', parts: [{ text: 'Hi', thoughtSignature }] }],
    });
    expect(await keyOf(signed('a'))).toBe(await keyOf(signed('b')));
  });

  test.each([
    ['an empty body', ''],
    ['no turns', '{"contents":[]}'],
    ['an empty turn', '{"contents":[{"role":"user","parts":[]}]}'],
    ['only answers', '{"contents":[{"role":"model","parts":[{"text":"Hi"}]}]}'],
    ['only an instruction', '{"messages":[{"role":"system","content":"Be brief."}]}'],
    ['something else', '{"requests":[{"contents":[{"parts":[{"text":"Hi"}]}]}]}'],
    ['no JSON', 'contents: [ user ]'],
  ])('is none with %s', async (_what, text) => {
    expect(await conversationOf(new TextEncoder().encode(text))).toBeNull();
  });

  test('is read out of anything without an error', () => {
    const pieces = ['{', '}', '[', ']', '"contents"', '"messages"', ':', ',', '"role"', '"user"', '"text"', '"', '\\'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (text) => {
        void conversationOf(new TextEncoder().encode(`{"contents":[${text.join('')}`));
      }),
    );
  });
});

function say(role: string, content: string) {
  return { role, content };
}

async function keyOf(body: unknown, indent = 0): Promise<string | null> {
  return conversationOf(new TextEncoder().encode(JSON.stringify(body, null, indent)));
}
