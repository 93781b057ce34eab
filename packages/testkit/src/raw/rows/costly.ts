/** B80 to B86: what is cheap to send and dear to read. The gateway passes it on; no parser of its own has to take it. */

import type { RawCase } from '../input.ts';
import { canary, type RawInput, rawMaxBodyBytes } from '../input.ts';
import { bytes, chat, headOf, passedOn, prompt, refused, unparsed, wished } from '../request.ts';

const rule = 'original bytes go up; what is in them is the provider’s to judge';
const nowhere = refused(404, 'NOT_FOUND');

function contents(more: string): string {
  return prompt.replace(/}$/, `,${more}}`);
}

/** A question in the words of OpenAI, of which one thing is odd. */
function question(name: string, odd: object): RawCase {
  const plain = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: canary }] };
  return wished(passedOn(), { target: chat, body: JSON.stringify({ ...plain, ...odd }) }, name);
}

function picture(name: string, mimeType: string, data: string): RawCase {
  const body = JSON.stringify({ contents: [{ parts: [{ text: canary }, { inlineData: { mimeType, data } }] }] });
  return wished(passedOn(), { body }, name);
}

function tool(name: string, parameters: object): RawCase {
  const tools = [{ functionDeclarations: [{ name: 'look', description: 'Looks.', parametersJsonSchema: parameters }] }];
  return wished(passedOn(), { body: contents(`"tools":${JSON.stringify(tools)}`) }, name);
}

function model(name: string, written: string, expected: RawCase['expected']): RawCase {
  return wished(expected, { target: `/v1beta/models/${written}:generateContent` }, name);
}

function manyKeys(): string {
  return contents(`"labels":{${Array.from({ length: 1_000_000 }, (_, at) => `"k${at}":0`).join(',')}}`);
}

function deepReferences(): object {
  let schema: object = { $ref: '#/$defs/end' };
  for (let depth = 0; depth < 1_000; depth++) schema = { properties: { a: schema } };
  return { ...schema, $defs: { end: { type: 'string' } } };
}

const png = Buffer.from('89504e470d0a1a0a', 'hex').toString('base64');

/** Sizes, numbers, names, schemas. */
export const costly: readonly RawInput[] = [
  {
    id: 'B80',
    what: 'an object with a million keys, 11 MB',
    rule,
    // Made when it is sent: nobody should hold it who does not play it. The simulator does not read it either.
    cases: [{ name: '', sends: (to) => sized(to, manyKeys()), plan: ['400'], expected: passedOn(400) }],
  },
  {
    id: 'B81',
    what: 'a number of five million digits',
    rule,
    cases: [
      {
        name: '',
        sends: (to) => sized(to, contents(`"generationConfig":{"temperature":${'1'.repeat(5_000_000)}}`)),
        expected: passedOn(),
      },
    ],
  },
  {
    id: 'B82',
    what: '`max_tokens` of −1, 10³⁰⁸, "5", 2⁵³',
    rule,
    cases: [-1, 1e308, '5', 2 ** 53].map((max_tokens) => question(String(max_tokens), { max_tokens })),
  },
  {
    id: 'B83',
    what: '`messages`: none, 100,000, of nobody, of nothing',
    rule,
    cases: [
      question('none', { messages: [] }),
      question('100,000', { messages: Array.from({ length: 100_000 }, () => ({ role: 'user', content: 'x' })) }),
      question('of nobody', { messages: [{ role: 'nobody', content: canary }] }),
      question('of nothing', { messages: [{ role: 'user', content: null }] }),
    ],
  },
  {
    id: 'B84',
    what: 'odd names of models',
    cases: [
      model('unknown', 'no-such-model', passedOn(404)),
      model('climbing', '..%2f..%2fsecret', nowhere),
      model('10 KB', 'x'.repeat(10_240), nowhere),
      model('from right to left', encodeURIComponent('\u202emodel'), nowhere),
      model('a picture', encodeURIComponent('\u{1f916}'), nowhere),
      model('raw bytes', '\u05d0', unparsed()),
    ],
  },
  {
    id: 'B85',
    what: 'pictures that are none, and one that is too large',
    rule,
    cases: [
      picture('no Base64', 'image/png', '!!!! no base64 !!!!'),
      picture('another kind', 'image/jpeg', png),
      picture('SVG', 'image/svg+xml', Buffer.from('<svg onload="alert(1)"/>').toString('base64')),
      {
        name: 'too large',
        sends: (to) => bytes(headOf(to, {}, rawMaxBodyBytes + 1), prompt),
        expected: refused(413, 'PAYLOAD_TOO_LARGE'),
      },
    ],
  },
  {
    id: 'B86',
    what: 'schemas of tools: deep, in a circle, with a costly pattern',
    rule,
    cases: [
      tool('deep', deepReferences()),
      tool('in a circle', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }),
      tool('costly', { type: 'string', pattern: '^(a+)+$', default: `${'a'.repeat(64)}!` }),
    ],
  },
];

function sized(to: Parameters<RawCase['sends']>[0], text: string): ReturnType<RawCase['sends']> {
  const body = Buffer.from(text);
  return { pieces: [headOf(to, {}, body.length), body], body };
}
