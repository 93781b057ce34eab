/** B53 to B71: bodies, and what is said of them. Original bytes go up: JSON that cannot be read is the provider's to refuse. */

import { gzipSync } from 'node:zlib';
import { type RawInput, rawMaxBodyBytes } from '../input.ts';
import { chunked, passedOn, prompt, refused, wished } from '../request.ts';

const rule = 'original bytes go up; what does not parse is the provider’s to refuse';
const noType = refused(415, 'UNSUPPORTED_MEDIA_TYPE');
const oneMiB = 1024 * 1024;

/** A body that is passed on, whatever it is. */
function body(id: string, what: string, content: string | Uint8Array, more: readonly string[] = []): RawInput {
  return { id, what, rule, cases: [wished(passedOn(), { body: content, more })] };
}

function typed(id: string, what: string, type: string | null): RawInput {
  return { id, what, cases: [wished(noType, { type })] };
}

/** A prompt that a model can answer, of so many bytes. */
function promptOf(size: number): string {
  return JSON.stringify({ contents: [{ parts: [{ text: 'x'.repeat(size - 46) }] }] });
}

/** Chunks of a mebibyte, one after another, of one byte too many. */
function tooMany(): Uint8Array[] {
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(oneMiB, 'x'), Buffer.from('\r\n')]);
  return [...Array.from({ length: rawMaxBodyBytes / oneMiB }, () => chunk), Buffer.from('1\r\nx\r\n0\r\n\r\n')];
}

/** Contents, sizes, types of media. */
export const bodies: readonly RawInput[] = [
  body('B53', 'an empty body', ''),
  body('B54', 'JSON that stops in the middle', '{"contents":[{"parts":[{"te'),
  body('B55', '`NaN`', '{"contents":NaN}'),
  body('B56', 'a byte order mark before the JSON', `\ufeff${prompt}`),
  body('B57', 'bytes that are no UTF-8', Buffer.from(prompt.replace('canary', 'c\xffnary'), 'latin1')),
  body('B58', 'half a surrogate, escaped', prompt.replace('canary', '\\ud800')),
  body('B59', 'a number', '42'),
  body('B60', 'a list', '[]'),
  body('B61', 'a key called `__proto__`', prompt.replace('{', '{"__proto__":{"polluted":true},')),
  body('B62', 'brackets, 100,000 deep', '['.repeat(100_000) + ']'.repeat(100_000)),
  { id: 'B63', what: '2 MiB', cases: [wished(passedOn(200), { body: promptOf(2 * oneMiB) })] },
  {
    id: 'B64',
    what: 'a byte more than `maxBodyBytes`, in chunks',
    cases: [{ name: '', sends: (to) => chunked(to, {}, ...tooMany()), expected: refused(413, 'PAYLOAD_TOO_LARGE') }],
  },
  body('B65', 'a gzip bomb, 1,000 : 1', gzipSync(Buffer.alloc(rawMaxBodyBytes, ' ')), ['content-encoding: gzip']),
  body('B66', 'plain text that says it is gzip', prompt, ['content-encoding: gzip']),
  typed('B67', 'JSON as `text/plain`', 'text/plain'),
  typed('B68', 'no type of media', null),
  typed('B69', '`application/json garbage`', 'application/json garbage'),
  typed('B70', '`application/json`, a tab, `a`', 'application/json\ta'),
  typed('B71', '`charset=utf-7`', 'application/json; charset=utf-7'),
];
