import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Made } from '../../src/affinity/affinity.ts';
import { madeBy } from '../../src/affinity/creations.ts';

const wallMs = Date.UTC(2026, 10, 21, 12);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What a call made: method and path, the answer, and the names. */
const rows: readonly (readonly [what: string, call: string, answer: unknown, names: readonly string[]])[] = [
  [
    'a finished upload',
    'POST /upload/v1beta/files',
    { file: { name: 'files/abc', uri: 'https://x/files/abc' } },
    ['files/abc'],
  ],
  ['a file by its metadata', 'POST /v1beta/files', { file: { name: 'files/abc' } }, ['files/abc']],
  [
    'registered files',
    'POST /v1beta/files:register',
    { files: [{ name: 'files/a' }, { name: 'files/b' }] },
    ['files/a', 'files/b'],
  ],
  ['a cache', 'POST /v1beta/cachedContents', { name: 'cachedContents/c', model: 'models/m' }, ['cachedContents/c']],
  ['a batch', 'POST /v1beta/models/m:batchGenerateContent', { name: 'batches/b', metadata: {} }, ['batches/b']],
  [
    'a video',
    'POST /v1beta/models/veo:predictLongRunning',
    { name: 'models/veo/operations/o' },
    ['models/veo/operations/o'],
  ],
  ['a tuned model', 'POST /v1beta/tunedModels', { name: 'tunedModels/t/operations/o' }, ['tunedModels/t']],
  ['a corpus', 'POST /v1beta/corpora', { name: 'corpora/c' }, ['corpora/c']],
  ['a store', 'POST /v1beta/fileSearchStores', { name: 'fileSearchStores/s' }, ['fileSearchStores/s']],
  [
    'an interaction',
    'POST /v1/interactions',
    { id: 'v1_Chd', environment_id: 'env_1' },
    ['interactions/v1_Chd', 'environments/env_1'],
  ],
  [
    'an event of an interaction',
    'POST /v1/interactions',
    { event_type: 'interaction.created', interaction: { id: 'v1_Chd' } },
    ['interactions/v1_Chd'],
  ],
  ['an agent', 'POST /v1/agents', { id: 'my-agent' }, ['agents/my-agent']],
  ['a trigger', 'POST /v1/triggers', { id: 't', environment_id: 'e' }, ['triggers/t', 'environments/e']],
  ['a trigger that is run', 'POST /v1/triggers/t/run', { id: 'x', interaction_id: 'v1_c' }, ['interactions/v1_c']],
  ['an ephemeral token', 'POST /v1alpha/auth_tokens', { name: 'auth_tokens/x' }, [token('auth_tokens/x')]],
  [
    'a continuation',
    'POST /v1/models/m:generateContent',
    { candidates: [{ continuationToken: 'abc==' }] },
    [token('abc==')],
  ],
  [
    'a continued interaction',
    'POST /v1/interactions',
    { id: 'i', continuation_token: 'c' },
    ['interactions/i', token('c')],
  ],
  ['a Live session', 'GET /ws/x', { sessionResumptionUpdate: { newHandle: 'h', resumable: true } }, [token('h')]],
];

describe('an answer tells of', () => {
  test.each(rows)('%s', async (_what, line, answer, names) => {
    expect((await made(line, answer)).map(({ name }) => name)).toEqual(names);
    expect((await made(line, answer)).map(({ of }) => of)).toEqual(names.map(() => null));
  });

  test.each([
    [
      'a batch',
      'GET /v1beta/batches/b',
      { name: 'batches/b', response: { responsesFile: 'files/batch-b' } },
      'files/batch-b',
    ],
    [
      'a batch that is done',
      'GET /v1beta/batches/b',
      { metadata: { output: { responsesFile: 'files/batch-b' } } },
      'files/batch-b',
    ],
    [
      'a video',
      'GET /v1beta/models/veo/operations/o',
      {
        response: {
          generateVideoResponse: {
            generatedSamples: [
              { video: { uri: 'https://generativelanguage.googleapis.com/v1beta/files/v:download?alt=media' } },
            ],
          },
        },
      },
      'files/v',
    ],
  ])('files that came of %s', async (_what, line, answer, name) => {
    const found = await made(line, answer);
    expect(found).toMatchObject([{ name }]);
    expect(line).toContain(found[0]?.of);
  });

  test.each([
    ['a thing of a new API', 'POST /v3/sketches', { name: 'sketches/s' }, ['sketches/s']],
    ['one that is known by its id', 'POST /v3/sketches', { id: 's' }, ['sketches/s']],
    ['what a new API names beside it', 'POST /v3/sketches', { a: [{ b: { name: 'files/f' } }] }, ['files/f']],
    [
      'what was done with one',
      'POST /v3/sketches/s:draw',
      { out: { name: 'files/f' }, name: 'sketches/s' },
      ['files/f'],
    ],
    ['what a verb of a new API makes', 'POST /v3/sketches:draw', { all: [{ name: 'sketches/a' }] }, ['sketches/a']],
    ['what a thing of it makes', 'POST /v3/sketches/s:copy', { it: { name: 'sketches/b' } }, ['sketches/b']],
    [
      'what a new verb of a known API names',
      'POST /v1beta/fileSearchStores/s:split',
      { parts: [{ store: { name: 'fileSearchStores/t' } }, { uri: 'files/f' }] },
      ['fileSearchStores/t', 'files/f'],
    ],
    ['what a new verb of its collection names', 'POST /v1beta/files:merge', { to: { name: 'files/m' } }, ['files/m']],
    [
      'a file that a model has left',
      'POST /v1beta/models/m:generateContent',
      { candidates: [{ content: { parts: [{ fileData: { fileUri: 'files/f' } }] } }] },
      ['files/f'],
    ],
    [
      'one in a new verb of a model',
      'POST /v1beta/models/m:dream',
      { candidates: [{ content: { parts: [{ fileData: { fileUri: 'files/f' } }] } }] },
      ['files/f'],
    ],
    ['one in a step', 'POST /v1/interactions', { step: { content: [{ uri: 'files/f' }] } }, ['files/f']],
    ['one in a piece of a step', 'POST /v1/interactions', { delta: { uri: 'files/f' } }, ['files/f']],
    ['one in an output', 'POST /v1/interactions', { interaction: { outputs: [{ uri: 'files/f' }] } }, ['files/f']],
  ])('%s, unless something is known of it', async (_what, line, answer, names) => {
    expect(await made(line, answer)).toMatchObject(names.map((name) => ({ name, of: null, isMentioned: true })));
  });

  test.each([
    ['what a thing of a new API has become', 'GET /v3/sketches/s', { result: { uri: 'files/f' } }],
    ['what it was changed to', 'PATCH /v3/sketches/s', { preview: { fileUri: 'files/f' } }],
    ['what an interaction has left', 'GET /v1/sketches/s', { steps: [{ content: [{ uri: 'files/f' }] }] }],
  ])('%s: it came of that', async (_what, line, answer) => {
    const file = (await made(line, answer)).find(({ name }) => name === 'files/f');
    expect(file).toMatchObject({ of: 'sketches/s', isMentioned: true });
  });

  test.each([
    ['a file', 'POST /v1beta/openai/files', { id: 'file-a', object: 'file' }, ['files/file-a'], null],
    ['a batch', 'POST /v1beta/openai/batches', { id: 'batch_b', input_file_id: 'file-a' }, ['batches/batch_b'], null],
    [
      'what came of a batch',
      'GET /v1beta/openai/batches/batch_b',
      { id: 'batch_b', output_file_id: 'file-out', error_file_id: 'files/err' },
      ['files/file-out', 'files/err'],
      'batches/batch_b',
    ],
  ])('%s of the OpenAI endpoint', async (_what, line, answer, names, of) => {
    expect(await made(line, answer)).toMatchObject(names.map((name) => ({ name, of })));
  });

  test.each([
    ['what a new API was given', 'POST /v3/sketches:make', { request: { name: 'files/f' } }],
    ['what a model says', 'POST /v1beta/models/m:newVerb', { candidates: [{ functionCall: { name: 'files/f' } }] }],
    ['what it says elsewhere', 'POST /v1/projects/p:ask', { candidates: [{ functionCall: { name: 'files/f' } }] }],
    [
      'what it gives to a tool',
      'POST /v1beta/models/m:generateContent',
      { candidates: [{ content: { parts: [{ functionCall: { args: { fileData: { fileUri: 'files/f' } } } }] } }] },
    ],
    [
      'what it found on the web',
      'POST /v1beta/models/m:generateContent',
      { candidates: [{ groundingMetadata: { groundingChunks: [{ web: { uri: 'files/f' } }] } }] },
    ],
    ['an address of somebody else', 'POST /v1/interactions', { delta: { uri: 'https://example.com/files/f' } }],
    ['what a deleted thing says', 'DELETE /v3/sketches/s', { name: 'files/f' }],
    ['a token', 'POST /v1alpha/authTokens', { name: 'authTokens/secret' }],
    ['what a known API names beside its own', 'POST /v1beta/batches/b:cancel', { metadata: { name: 'files/f' } }],
    [
      'the input of a batch',
      'GET /v1beta/batches/b',
      { metadata: { inputConfig: { fileName: 'files/in' } }, response: {} },
    ],
  ])('not %s', async (_what, line, answer) => {
    expect(await made(line, answer)).toEqual([]);
  });

  test.each([
    ['a list', 'GET /v1beta/files', { files: [{ name: 'files/hers' }] }],
    ['a look at a file', 'GET /v1beta/files/abc', { name: 'files/abc', uri: 'files/abc' }],
    ['a look at an interaction', 'GET /v1/interactions/i', { id: 'i' }],
    [
      'a document of a store',
      'POST /v1beta/fileSearchStores/s:importFile',
      { name: 'fileSearchStores/s/operations/o' },
    ],
    ['an end of an interaction', 'POST /v1/interactions/i/cancel', { id: 'i' }],
    ['an end of a batch', 'POST /v1beta/batches/b:cancel', {}],
    [
      'a plain answer',
      'POST /v1/models/m:generateContent',
      { candidates: [{ content: { parts: [{ text: 'files/abc' }] } }] },
    ],
    ['a deletion', 'DELETE /v1beta/files/abc', {}],
    ['an error page', 'POST /v1beta/files', '<html>'],
    ['nothing', 'POST /v1beta/files', null],
  ])('nothing new by %s', async (_what, line, answer) => {
    expect(await made(line, answer)).toEqual([]);
  });

  test.each([
    [
      'a file, as it says',
      { file: { name: 'files/a', expirationTime: '2026-11-22T00:00:00.123Z' } },
      Date.UTC(2026, 10, 22, 0, 0, 0, 123),
    ],
    ['a file that does not say', { file: { name: 'files/a' } }, wallMs + 2 * dayMs],
    ['a file that says nonsense', { file: { name: 'files/a', expirationTime: 'soon' } }, wallMs + 2 * dayMs],
    ['a cache, as it says', { name: 'cachedContents/c', expireTime: '2026-11-21T13:30:00Z' }, wallMs + 1.5 * hourMs],
    ['a cache that does not say', { name: 'cachedContents/c' }, wallMs + hourMs],
    ['a store', { name: 'fileSearchStores/s' }, null],
  ])('the end of %s', async (_what, answer, untilMs) => {
    expect(await made('POST /v1beta/files', answer)).toMatchObject([{ untilMs }]);
  });

  test('a longer life of a cache', async () => {
    const answer = { name: 'cachedContents/c', expireTime: '2026-11-22T12:00:00Z' };
    expect(await made('PATCH /v1beta/cachedContents/c', answer)).toEqual([
      { name: 'cachedContents/c', untilMs: wallMs + dayMs, of: 'cachedContents/c' },
    ]);
  });

  test('what a trigger has made belongs to whom the trigger does', async () => {
    const of = 'triggers/t';
    const one = await made('GET /v1/triggers/t/executions/x', { id: 'x', interaction_id: 'v1_c' });
    expect(one).toMatchObject([{ name: 'interactions/v1_c', of }]);
    // The environment may be one that it was given.
    const trigger_executions = [
      { interaction_id: 'v1_c' },
      { id: 'y' },
      { interaction_id: 'v1_d', environment_id: 'e' },
    ];
    expect(await made('GET /v1/triggers/t/executions', { trigger_executions })).toMatchObject([
      { name: 'interactions/v1_c', of },
      { name: 'interactions/v1_d', of },
    ]);
    expect(await made('GET /v1/triggers/t', { id: 't', environment_id: 'e' })).toEqual([]);
  });

  test('nothing that hurts, whatever it is', () => {
    const calls = fc.constantFrom(...rows.map(([, line]) => line), 'GET /v1beta/batches/b', 'PATCH /v1beta/files/a');
    fc.assert(
      fc.property(
        calls,
        fc.jsonValue(),
        fc.constantFrom('file', 'response', 'candidates', 'name', 'id'),
        (line, value, key) => {
          void made(line, { [key]: value });
        },
      ),
    );
  });
});

async function made(line: string, answer: unknown): Promise<readonly Made[]> {
  const [method = '', path = ''] = line.split(' ');
  return madeBy({ method, path }, answer, wallMs);
}

function token(text: string): string {
  return `token/${createHash('sha256').update(text).digest('hex')}`;
}
