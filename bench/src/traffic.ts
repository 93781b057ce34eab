/** What travels: the requests that the generator sends and, byte for byte, the answers that have to come back. */

import { gzipSync } from 'node:zlib';

/**
 * The kinds of traffic. `paced` and `flood` never end by themselves; `big` is a stream of one event of 20 MB, `picture` an
 * answer in one piece with a picture of a megabyte in it.
 */
export type Kind = 'unary' | 'gzip' | 'picture' | 'stream' | 'paced' | 'flood' | 'big';

/** What clients sign with. */
export const callerKey = 'bench-caller-0123456789abcdef';
/** What the provider has to see in its place: six keys of three projects. */
export const providerKeys: readonly string[] = [1, 2, 3, 4, 5, 6].map(
  (n) => `AIzaBenchBenchBenchBenchBenchBenchBenc${n}`,
);
/** How many events a `stream` has. */
const eventsPerStream = 200;

const paths: Readonly<Record<Kind, string>> = {
  unary: '/v1beta/models/bench-unary:generateContent',
  gzip: '/v1beta/models/bench-gzip:generateContent',
  picture: '/v1beta/models/bench-picture:generateContent',
  stream: '/v1beta/models/bench-stream:streamGenerateContent?alt=sse',
  paced: '/v1beta/models/bench-paced:streamGenerateContent?alt=sse',
  flood: '/v1beta/models/bench-flood:streamGenerateContent?alt=sse',
  big: '/v1beta/models/bench-big:streamGenerateContent?alt=sse',
};

/** The kind that a request line asks for; null for a path that nobody should have sent up. */
export function kindOf(requestLine: string): Kind | null {
  const path = requestLine.split(' ')[1] ?? '';
  return (Object.keys(paths) as Kind[]).find((kind) => paths[kind] === path) ?? null;
}

/** The prompt, a function declaration beside it, as an SDK writes it. */
export const requestBody: Buffer = Buffer.from(
  JSON.stringify({
    contents: [
      { role: 'user', parts: [{ text: 'Say in three sentences why the sky looks blue at noon and red at dusk.' }] },
    ],
    generationConfig: { temperature: 0.7, maxOutputTokens: 400 },
    tools: [
      {
        functionDeclarations: [
          {
            name: 'lookup',
            description: 'Looks a word up.',
            parametersJsonSchema: {
              type: 'object',
              required: ['word'],
              properties: { word: { type: 'string' }, language: { type: 'string', pattern: 'en|de|fr' } },
            },
          },
        ],
      },
    ],
  }),
);

/** What an SDK that calls over `fetch` writes itself. */
export function requestFields(key: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'google-genai-sdk/3.1.0 gl-node/v24',
    'x-goog-api-client': 'google-genai-sdk/3.1.0 gl-node/v24',
    'x-goog-api-key': key,
  };
}

/** Where it sends it. */
export function requestUrl(base: string, kind: Kind): string {
  return base + paths[kind];
}

/** A whole request: the fields of an SDK that calls over `fetch`. */
export function requestBytes(kind: Kind, key: string): Buffer {
  return requestTo(paths[kind], key, kind === 'gzip' ? ['accept-encoding: gzip, deflate'] : []);
}

/** The same for any path. */
export function requestTo(path: string, key: string, fields: readonly string[] = []): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: gateway.test',
    'connection: keep-alive',
    ...Object.entries(requestFields(key)).map(([name, value]) => `${name}: ${value}`),
    'accept: */*',
    'accept-language: *',
    'sec-fetch-mode: cors',
    ...fields,
    `content-length: ${requestBody.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), requestBody]);
}

/** The fields that Google's front end puts around an answer. */
const answerFields = [
  'Vary: Origin, X-Origin, Referer',
  'Server: scaffolding on HTTPServer2',
  'X-Xss-Protection: 0',
  'X-Frame-Options: SAMEORIGIN',
  'X-Content-Type-Options: nosniff',
  'Server-Timing: gfet4t7; dur=669',
];

const unaryText = `${JSON.stringify(
  {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: 'Air scatters short waves more than long ones. '.repeat(10) }] },
        finishReason: 'STOP',
        avgLogprobs: -0.0007742211621786867,
      },
    ],
    usageMetadata: {
      promptTokenCount: 16,
      candidatesTokenCount: 103,
      totalTokenCount: 119,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 16 }],
    },
    modelVersion: 'gemini-2.5-flash',
    responseId: '2Q-taO_YHrunjrEP8p7RwQk',
  },
  null,
  2,
)}\n`;

const unaryBody = Buffer.from(unaryText);
const gzipBody = gzipSync(unaryBody);

/** As image models answer: base64 in the middle of an object. */
const pictureBytes = 1_048_576;
const picture = once(() => Buffer.from(unaryText.replace('Air scatters', 'Q'.repeat(pictureBytes))));

/** The events of a `stream`, each about 300 bytes, the last with its finish reason. */
export const streamEvents: readonly Buffer[] = Array.from({ length: eventsPerStream }, (_, index) =>
  event(`${String(index).padStart(8, '0')} air scatters short waves more`, index === eventsPerStream - 1),
);

/** What a `big` stream says in its only event: a picture, as a model sends one. */
const bigBytes = 20_000_000;
const big = once(() => event('A'.repeat(bigBytes), true));

/** The body that a client of `kind` must end up with; null where it has no end. */
export const expectedBodies: Readonly<Record<Kind, Buffer | null>> = {
  unary: unaryBody,
  gzip: gzipBody,
  get picture() {
    return picture();
  },
  stream: Buffer.concat(streamEvents),
  paced: null,
  flood: null,
  // Made where somebody asks for it: most processes never do.
  get big() {
    return big();
  },
};

/** Everything that the provider sends before the body, its framing included. */
export function answerHead(kind: Kind): string {
  const framing = isWhole(kind) ? [] : ['Transfer-Encoding: chunked'];
  const date = `Date: ${new Date().toUTCString()}`;
  return `${['HTTP/1.1 200 OK', ...fieldsOf(kind), date, ...framing].join('\r\n')}\r\n\r\n`;
}

/** The fields of that head as `node:http` takes them, without those that it writes by itself. */
export function answerFieldsOf(kind: Kind): Record<string, string> {
  return Object.fromEntries(fieldsOf(kind).map((field) => field.split(/: (.*)/s, 2) as [string, string]));
}

function fieldsOf(kind: Kind): string[] {
  const type = isWhole(kind) ? 'application/json; charset=UTF-8' : 'text/event-stream';
  const encoding = kind === 'gzip' ? ['Content-Encoding: gzip'] : [];
  const length = isWhole(kind) ? [`Content-Length: ${expectedBodies[kind]?.length}`] : [];
  return [`Content-Type: ${type}`, ...encoding, ...answerFields, ...length];
}

function isWhole(kind: Kind): boolean {
  return kind === 'unary' || kind === 'gzip' || kind === 'picture';
}

/** One event as it stands in the body: about 300 bytes. */
export function event(text: string, isLast: boolean): Buffer {
  const candidate = {
    content: { parts: [{ text }], role: 'model' },
    ...(isLast ? { finishReason: 'STOP' } : {}),
    index: 0,
  };
  const usageMetadata = {
    promptTokenCount: 16,
    candidatesTokenCount: 103,
    totalTokenCount: 119,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: 16 }],
  };
  const body = {
    candidates: [candidate],
    usageMetadata,
    modelVersion: 'gemini-2.5-flash',
    responseId: '2Q-taO_YHrunjrEP',
  };
  return Buffer.from(`data: ${JSON.stringify(body)}\r\n\r\n`);
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}

/** A chunk of the chunked coding. */
export function chunked(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}
