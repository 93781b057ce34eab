import { expect, test } from 'vitest';
import { CanarySearch, formsOf } from './canary-search.ts';

const secret = 'Zq7CanaryOfTheSearch';
const search = new CanarySearch({ key: secret });
const around = 'ordinary text with nothing in it, 0123456789. ';

const encodings: readonly (readonly [string, (text: string) => string])[] = [
  ['as it is', (text) => text],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
  ['in base64 for URLs', (text) => Buffer.from(text).toString('base64url')],
  ['in hex', (text) => Buffer.from(text).toString('hex')],
  ['in hex in capitals', (text) => Buffer.from(text).toString('hex').toUpperCase()],
  ['with the escapes of a URL', (text) => encodeURIComponent(text)],
  ['with every letter as an escape', (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&')],
  ['with the escapes of JSON', (text) => JSON.stringify({ text: JSON.stringify(text) })],
  ['reversed', (text) => [...text].reverse().join('')],
  ['in lower case', (text) => text.toLowerCase()],
];

test.each(encodings)('a secret is found %s, whatever stands before and behind it', (_, encoded) => {
  for (const before of ['', 'a', 'ab', 'abc', around]) {
    for (const behind of ['', 'z', 'zz', 'zzz', around]) {
      const hidden = `${around}\n${encoded(`${before}${secret}${behind}`)}\n${around}`;
      expect(search.leaksIn('somewhere', hidden)).not.toEqual([]);
      expect(search.leaksIn('somewhere', `${around}\n${encoded(`${before}${behind}`)}\n${around}`)).toEqual([]);
    }
  }
});

test.each(formsOf(secret).map((form) => [form.encoding, form.bytes] as const))(
  'its form %s is looked for',
  (name, bytes) => {
    const leaks = search.leaksIn('a file', Buffer.concat([Buffer.from(around), bytes, Buffer.from(around)]));
    expect(leaks).toContainEqual({ canary: 'key', encoding: name, place: 'a file', at: around.length });
  },
);
