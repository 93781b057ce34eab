import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reference } from '../../src/affinity/affinity.ts';
import { mostReferences, referencesOf } from '../../src/affinity/references.ts';

const google = 'https://generativelanguage.googleapis.com/v1beta';
const generate = '/v1beta/models/gemini-2.5-flash:generateContent';
const interact = '/v1/interactions';

describe('a path names', () => {
  test.each([
    ['/v1beta/files/abc', 'files/abc'],
    ['/v1/files/abc:download', 'files/abc'],
    ['/download/v1beta/files/abc:download', 'files/abc'],
    ['/v1beta/files/%61bc', 'files/abc'],
    ['/v1beta/%66iles/abc', 'files/abc'],
    ['/v1beta/cachedContents/c-1', 'cachedContents/c-1'],
    ['/v1beta/batches/b1:cancel', 'batches/b1'],
    ['/v1beta/tunedModels/t1:generateContent', 'tunedModels/t1'],
    ['/v1beta/tunedModels/t1/operations/o', 'tunedModels/t1'],
    ['/v1beta/dynamic/d1:generateContent', 'dynamic/d1'],
    ['/v1beta/models/veo-3/operations/o1', 'models/veo-3/operations/o1'],
    ['/v1beta/operations/o1', 'operations/o1'],
    ['/v1beta/generatedFiles/g/operations/o', 'generatedFiles/g'],
    ['/v1beta/corpora/c/documents/d/chunks/x', 'corpora/c'],
    ['/v1beta/fileSearchStores/s:importFile', 'fileSearchStores/s'],
    ['/v1beta/fileSearchStores/s/documents/d', 'fileSearchStores/s'],
    ['/v1beta/fileSearchStores/s/upload/operations/o', 'fileSearchStores/s'],
    ['/upload/v1beta/fileSearchStores/s:uploadToFileSearchStore', 'fileSearchStores/s'],
    ['/v1/interactions/v1_Chd/cancel', 'interactions/v1_Chd'],
    ['/v1/environments/e/files/out/table.csv', 'environments/e'],
    ['/upload/v1/environments/e/files/in.csv', 'environments/e'],
    ['/v1/agents/a', 'agents/a'],
    ['/v1/triggers/t/executions', 'triggers/t'],
    ['/v1/webhooks/w:ping', 'webhooks/w'],
    ['/v1beta/openai/files/abc', 'files/abc'],
    ['/v1beta/openai/files/files%2Fabc', 'files/abc'],
    ['/v1beta/openai/files/files/abc', 'files/abc'],
    ['/v1beta/openai/batches/batches%2fabc/cancel', 'batches/abc'],
  ])('%s: %s', async (path, name) => {
    expect(await names(null, path)).toEqual([name]);
    const [reference] = await referencesOf({ path, query: [] }, bytes(''), null);
    expect(reference).toMatchObject({ from: 'path', field: null });
  });

  test.each([
    generate,
    '/v1beta/models',
    '/v1beta/models/files:generateContent',
    '/v1beta/files',
    '/v1beta/files:register',
    '/upload/v1beta/files',
    '/v1beta/openai/chat/completions',
    '/v1beta:chatCompletions',
  ])('%s: nothing', async (path) => {
    expect(await names(null, path)).toEqual([]);
  });

  test('and its query an upload session and an ephemeral token, by their hashes', async () => {
    const query = [
      { name: 'upload_id', value: 'session-1' },
      { name: 'access_token', value: 'auth_tokens/secret' },
      { name: 'pageSize', value: '10' },
    ];
    const found = await referencesOf({ path: '/upload/v1beta/files', query }, bytes(''), null);
    expect(found.map(({ name }) => name)).toEqual([token('session-1'), token('auth_tokens/secret')]);
    expect(found.map(({ from, field }) => `${from} ${field}`)).toEqual(['query upload_id', 'query access_token']);
    expect(JSON.stringify(found)).not.toContain('secret');
  });
});

/** Field by field of what bodies may name: camelCase, snake_case, and what it names. */
const rows: readonly (readonly [what: string, path: string, camel: object, snake: object, name: string])[] = [
  [
    'a part',
    generate,
    { contents: [{ parts: [{ fileData: { fileUri: `${google}/files/abc` } }] }] },
    { contents: [{ parts: [{ file_data: { file_uri: `${google}/files/abc` } }] }] },
    'files/abc',
  ],
  [
    'a part, by name',
    generate,
    { contents: [{ parts: [{ fileData: { fileUri: 'files/abc' } }] }] },
    { contents: [{ parts: [{ file_data: { file_uri: 'files/abc' } }] }] },
    'files/abc',
  ],
  [
    'a system instruction',
    generate,
    { systemInstruction: { parts: [{ fileData: { fileUri: `${google}/files/abc` } }] } },
    { system_instruction: { parts: [{ file_data: { file_uri: `${google}/files/abc` } }] } },
    'files/abc',
  ],
  [
    'a tool result',
    generate,
    { contents: [{ parts: [{ functionResponse: { parts: [{ fileData: { fileUri: 'files/abc' } }] } }] }] },
    { contents: [{ parts: [{ function_response: { parts: [{ file_data: { file_uri: 'files/abc' } }] } }] }] },
    'files/abc',
  ],
  [
    'a counted request',
    '/v1beta/models/m:countTokens',
    { generateContentRequest: { contents: [{ parts: [{ fileData: { fileUri: 'files/abc' } }] }] } },
    { generate_content_request: { contents: [{ parts: [{ file_data: { file_uri: 'files/abc' } }] }] } },
    'files/abc',
  ],
  [
    'a request of a batch',
    '/v1beta/models/m:batchGenerateContent',
    { batch: { inputConfig: { requests: { requests: [{ request: { cachedContent: 'cachedContents/c' } }] } } } },
    { batch: { input_config: { requests: { requests: [{ request: { cached_content: 'cachedContents/c' } }] } } } },
    'cachedContents/c',
  ],
  [
    'a cache',
    generate,
    { cachedContent: 'cachedContents/c' },
    { cached_content: 'cachedContents/c' },
    'cachedContents/c',
  ],
  ['a continuation', generate, { continuationToken: 'abc==' }, { continuation_token: 'abc==' }, token('abc==')],
  [
    'a file search store',
    generate,
    { tools: [{ fileSearch: { fileSearchStoreNames: ['fileSearchStores/s'] } }] },
    { tools: [{ file_search: { file_search_store_names: ['fileSearchStores/s'] } }] },
    'fileSearchStores/s',
  ],
  [
    'the input of a batch',
    '/v1beta/models/m:batchGenerateContent',
    { batch: { inputConfig: { fileName: 'files/in' } } },
    { batch: { input_config: { file_name: 'files/in' } } },
    'files/in',
  ],
  ['an import', '/v1beta/files', { fileName: 'files/doc' }, { file_name: 'files/doc' }, 'files/doc'],
  [
    'an earlier interaction',
    interact,
    { previousInteractionId: 'v1_Chd' },
    { previous_interaction_id: 'v1_Chd' },
    'interactions/v1_Chd',
  ],
  ['a continued interaction', interact, { continuationToken: 'c' }, { continuation_token: 'c' }, token('c')],
  [
    'an image of an interaction',
    interact,
    { input: [{ type: 'image', uri: `${google}/files/pic` }] },
    { input: [{ type: 'image', uri: `${google}/files/pic` }] },
    'files/pic',
  ],
  ['an environment', interact, { environment: 'env_1' }, { environment: 'environments/env_1' }, 'environments/env_1'],
  [
    'an environment that is changed',
    interact,
    { environment: { environmentId: 'env_1' } },
    { environment: { environment_id: 'env_1' } },
    'environments/env_1',
  ],
  [
    'a copied environment',
    '/v1/environments',
    { fromEnvironment: 'e' },
    { from_environment: 'environments/e' },
    'environments/e',
  ],
  ['an agent', interact, { agent: 'my-agent' }, { agent: 'agents/my-agent' }, 'agents/my-agent'],
  [
    'an agent of a trigger',
    '/v1/triggers',
    { interaction: { agent: 'a' } },
    { interaction: { agent: 'a' } },
    'agents/a',
  ],
  [
    'a resumed Live session',
    '/ws/x',
    { setup: { sessionResumption: { handle: 'h' } } },
    { setup: { session_resumption: { handle: 'h' } } },
    token('h'),
  ],
  [
    'a cache of a Live session',
    '/ws/x',
    { setup: { cachedContent: 'cachedContents/c' } },
    { setup: { cached_content: 'cachedContents/c' } },
    'cachedContents/c',
  ],
  ['a tuned model', generate, { model: 'tunedModels/t' }, { tuned_model: 'tunedModels/t' }, 'tunedModels/t'],
  [
    'a video to go on from',
    '/v1beta/models/veo:predictLongRunning',
    { instances: [{ video: { uri: `${google}/files/v:download?alt=media` } }] },
    { instances: [{ video: { uri: 'files/v' } }] },
    'files/v',
  ],
  [
    'a corpus',
    '/v1beta/models/aqa:generateAnswer',
    { semanticRetriever: { source: 'corpora/c/documents/d' } },
    { semantic_retriever: { source: 'corpora/c' } },
    'corpora/c',
  ],
  [
    'an image of an OpenAI message',
    '/v1beta/openai/chat/completions',
    { messages: [{ content: [{ image_url: { url: `${google}/files/abc` } }] }] },
    { messages: [{ content: [{ file: { file_id: 'files/abc' } }] }] },
    'files/abc',
  ],
];

describe('a body names', () => {
  test.each(rows)('%s', async (_what, path, camel, snake, name) => {
    expect(await names(camel, path)).toEqual([name]);
    expect(await names(snake, path)).toEqual([name]);
  });

  test('several things, each once', async () => {
    const part = (id: string) => ({ fileData: { fileUri: `${google}/files/${id}` } });
    const body = { cachedContent: 'cachedContents/c', contents: [{ parts: [part('a'), part('b'), part('a')] }] };
    expect(await names(body)).toEqual(['cachedContents/c', 'files/a', 'files/b']);
  });

  test('things by the field that it used', async () => {
    const [reference] = await referencesOf(call(generate), json({ cached_content: 'cachedContents/c' }), null);
    expect(reference).toEqual({
      name: 'cachedContents/c',
      from: 'body',
      field: 'cached_content',
      whenUnknown: 'search',
    });
  });

  test('tokens by a hash, which nobody can search for', async () => {
    const [reference] = await referencesOf(call(generate), json({ continuationToken: 'canary' }), null);
    expect(reference).toMatchObject({ name: token('canary'), whenUnknown: 'pass' });
  });

  test.each([
    ['another spelling of the host', 'https://GenerativeLanguage.googleapis.com:443/v1beta/files/abc'],
    ['plain http', 'http://generativelanguage.googleapis.com/v1/files/abc'],
    ['no scheme', '//generativelanguage.googleapis.com/v1/files/abc'],
    ['neither scheme nor slashes', 'generativelanguage.googleapis.com/v1/files/abc'],
    ['a sandbox', 'https://autopush-generativelanguage.sandbox.googleapis.com/v1/files/abc'],
    ['encoded letters', `${google}/files/%61bc`],
    ['a verb and a query', `${google}/files/abc:download?alt=media`],
    ['the download path', 'https://generativelanguage.googleapis.com/download/v1beta/files/abc:download'],
    ['spaces around it', ' files/abc\n'],
    ['a slash before it', '/v1beta/files/abc'],
    ['a long query', `${google}/files/abc?${'x'.repeat(60_000)}`],
    ['a host of our own', 'http://127.0.0.1:8787/gemini/v1beta/files/abc'],
  ])('a file by %s', async (_what, fileUri) => {
    const body = json({ contents: [{ parts: [{ fileData: { fileUri } }] }] });
    const found = await referencesOf(call(generate), body, null, new Set(['127.0.0.1:8787']));
    expect(found.map(({ name }) => name)).toEqual(['files/abc']);
  });

  test.each([
    ['YouTube', 'https://www.youtube.com/watch?v=files/abc'],
    ['a short YouTube link', 'https://youtu.be/files/abc'],
    ['Cloud Storage', 'gs://bucket/files/abc'],
    ['Cloud Storage over https', 'https://storage.googleapis.com/bucket/files/abc'],
    ['anybody’s server', 'https://example.com/v1beta/files/abc'],
    ['a host that looks like it', 'https://generativelanguage.googleapis.com.example.com/files/abc'],
    ['the host as a password', 'https://generativelanguage.googleapis.com@example.com/files/abc'],
    ['our host with another port', 'http://127.0.0.1:9999/v1beta/files/abc'],
    ['data', 'data:image/png;base64,files/abc'],
    ['a bare word', 'abc'],
    ['a collection', 'files/'],
  ])('nothing by %s', async (_what, fileUri) => {
    const body = json({ contents: [{ parts: [{ fileData: { fileUri } }] }] });
    expect(await referencesOf(call(generate), body, null, new Set(['127.0.0.1:8787']))).toEqual([]);
  });

  test.each([
    ['single quotes', `{'contents':[{'parts':[{'fileData':{'fileUri':'files/abc'}}]}]}`],
    ['keys without quotes', `{contents: [{parts: [{fileData: {fileUri: "files/abc"}}]}]}`],
    ['commas too many', `{"contents":[{"parts":[{"fileData":{"fileUri":"files/abc",},},],},],}`],
    ['spaces everywhere', `{ "fileData" : \r\n\t{ "fileUri" \n : "files/abc" } }`],
    [
      'escaped slashes',
      String.raw`{"fileData":{"fileUri":"https:\/\/generativelanguage.googleapis.com\/v1\/files\/abc"}}`,
    ],
    ['an escaped key', String.raw`{"fileData":{"\u0066ileUri":"files/abc"}}`],
    ['a key that ends in an escape', String.raw`{"fileData":{"fileUr\u0069":"files/abc"}}`],
    ['an escaped value', String.raw`{"fileData":{"fileUri":"\u0066iles/abc"}}`],
    ['a key that comes twice, at first', `{"fileUri":"files/abc","fileUri":"https://youtu.be/x"}`],
    ['an object that comes twice, at first', `{"fileData":{"fileUri":"files/abc"},"fileData":{"mimeType":"x"}}`],
    ['a byte order mark', `\ufeff{"fileUri":"files/abc"}`],
    ['quotes in texts before it', String.raw`{"text":"he said \"fileUri\": \\","fileUri":"files/abc"}`],
  ])('what the provider’s lenient parser reads: %s', async (_what, text) => {
    expect(await textNames(text)).toEqual(['files/abc']);
  });

  test('nothing in what a tool takes and gives', async () => {
    const call = { functionCall: { name: 'open', args: { uri: 'files/abc', nested: { fileUri: 'files/abc' } } } };
    const answer = { functionResponse: { name: 'open', response: { fileName: 'files/abc' } } };
    expect(await names({ contents: [{ parts: [call, answer] }] })).toEqual([]);
    expect(await names({ input: [{ type: 'function_call', arguments: { uri: 'files/abc' } }] }, interact)).toEqual([]);
  });

  test('nothing by everyday words where they mean something else', async () => {
    const tool = { tools: [{ computerUse: { environment: 'ENVIRONMENT_BROWSER' } }], agent: 'x', voice: 'Kore' };
    expect(await names(tool)).toEqual([]);
    const browser = { tools: [{ type: 'computer_use', environment: 'browser' }], environment: 'remote' };
    expect(await names(browser, interact)).toEqual([]);
  });

  test('nothing in a part that is text', async () => {
    expect(await names({ contents: [{ parts: [{ text: 'files/abc' }, { text: `${google}/files/abc` }] }] })).toEqual(
      [],
    );
  });

  test('nothing where a model is not a tuned one', async () => {
    expect(await names({ model: 'models/gemini-2.5-flash' }, interact)).toEqual([]);
  });

  test('nothing in the content of an upload', async () => {
    const path = '/upload/v1beta/files';
    expect(await referencesOf({ path, query: [] }, json({ fileUri: 'files/abc' }), 'application/json')).toEqual([]);
  });

  test('what a form names', async () => {
    const body = bytes('cachedContent=cachedContents%2Fc&x=files%2Fabc');
    const found = await referencesOf(call(generate), body, 'application/x-www-form-urlencoded; charset=utf-8');
    expect(found.map(({ name }) => name)).toEqual(['cachedContents/c']);
  });

  test('only so many things', async () => {
    const many = (count: number) => ({
      fileSearchStoreNames: Array.from({ length: count }, (_, at) => `files/f${at}`),
    });
    expect(await names(many(mostReferences))).toHaveLength(mostReferences);
    expect(await names([many(mostReferences), many(mostReferences)])).toHaveLength(mostReferences);
    await expect(names(many(mostReferences + 1))).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('whatever a body holds', () => {
  const planted = { fileData: { fileUri: `${google}/files/planted` } };

  test('random JSON and random bytes are read without an error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json().map(bytes), fc.uint8Array({ maxLength: 500 })), (body) => {
        referencesOf(call(interact), body, 'application/json');
      }),
    );
  });

  test('fragments of what matters, in any order, are read without an error', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '\\',
      ':',
      ',',
      ' ',
      'fileUri',
      'files/a',
      '"args"',
      'model',
      '\\u00',
      '\n',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (text) => {
        referencesOf(call(interact), bytes(`{"fileUri":${text.join('')}`), null);
      }),
    );
  });

  test('a reference is found at any depth', () => {
    const nest = fc.array(fc.oneof(fc.nat(3), fc.string().filter(isPlainKey)), { maxLength: 90 });
    fc.assert(
      fc.property(nest, fc.jsonValue(), fc.boolean(), (path, noise, isPretty) => {
        const body = path.reduceRight<unknown>((inner, step) => around(inner, step, noise), planted);
        const text = JSON.stringify(body, null, isPretty ? 2 : 0);
        const found = referencesOf(call(generate), bytes(text), null) as readonly Reference[];
        expect(found.map(({ name }) => name)).toContain('files/planted');
      }),
    );
  });

  test('a reference is found as deep as the provider reads, which is 100 levels', async () => {
    for (const steps of [Array(98).fill(1), Array(98).fill('x')]) {
      const body = (steps as (string | number)[]).reduceRight<unknown>(
        (inner, step) => around(inner, step, 0),
        planted,
      );
      expect(await names(body)).toEqual(['files/planted']);
    }
  });

  test('a body that only opens is read to the 128th level', async () => {
    expect(await textNames(`${'['.repeat(128)}{"fileUri":"files/abc"`)).toEqual([]);
    expect(await textNames(`${'['.repeat(127)}{"fileUri":"files/abc"`)).toEqual(['files/abc']);
    expect(await textNames(`${'{"fileUri":['.repeat(300_000)}`)).toEqual([]);
  });

  test('plain text names nothing, whatever it says', () => {
    const word = fc.constantFrom(
      'files/abc',
      `${google}/files/abc`,
      '"fileUri": "files/abc"',
      "'fileUri':'files/abc'",
      '{',
      '\\',
    );
    const text = fc.array(fc.oneof(word, fc.string())).map((words) => words.join(' '));
    fc.assert(
      fc.property(text, fc.boolean(), (said, isPretty) => {
        const body = {
          contents: [{ role: 'user', parts: [{ text: said }] }],
          systemInstruction: { parts: [{ text: said }] },
        };
        expect(referencesOf(call(generate), bytes(JSON.stringify(body, null, isPretty ? 2 : 0)), null)).toEqual([]);
      }),
    );
  });
});

function around(inner: unknown, step: number | string, noise: unknown): unknown {
  if (typeof step === 'string') return { ...(step === 'before' ? {} : { before: noise }), [step]: inner };
  return [...Array.from({ length: step }, () => noise), inner];
}

/** What is under these keys is free of meaning, and a repeated `before` would be overwritten. */
function isPlainKey(key: string): boolean {
  return !['arguments', '__proto__', 'before', 'functionCall', 'functionResponse'].includes(key);
}

async function names(body: unknown, path = generate): Promise<string[]> {
  const found = await referencesOf(call(path), body === null ? bytes('') : json(body), 'application/json');
  return found.map(({ name }) => name);
}

async function textNames(text: string): Promise<string[]> {
  return (await referencesOf(call(generate), bytes(text), null)).map(({ name }) => name);
}

function call(path: string) {
  return { path, query: [] };
}

function json(value: unknown): Uint8Array {
  return bytes(JSON.stringify(value));
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function token(text: string): string {
  return `token/${createHash('sha256').update(text).digest('hex')}`;
}
