/** What lives in one project, of every kind: it is found again, used together, and nobody else's. */

import type { Answer } from '@sluice/simulator';
import { describeDrivers, type Mounted, type ReadAnswer } from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  alice,
  bob,
  call,
  clientOf,
  type FileName,
  filesIn,
  homeOf,
  keyOf,
  projects,
  settleAt,
  spread,
  threeProjects,
  upload,
} from './two-callers.ts';

const model = '/v1beta/models/gemini-2.5-flash';
const inline = { batch: { inputConfig: { requests: { requests: [{ request: filesIn('Hi', []) }] } } } };

describeDrivers('two callers and twelve files in three projects', (_driver, mount) => {
  test('all of one’s own that lie in one project stand in one prompt; of two projects they are refused by name', async () => {
    const mounted = await mount(threeProjects);
    for (const who of [alice, bob]) {
      const made = await spread(mounted, who, 2);
      for (const files of Object.values(made)) {
        expect((await call(mounted, who, `${model}:generateContent`, filesIn('Compare.', urisOf(files)))).status).toBe(
          200,
        );
        expect((await call(mounted, who, `${model}:countTokens`, filesIn('Count.', urisOf(files)))).status).toBe(200);
      }
      const [one, two] = [made.one?.[0], made.two?.[0]] as [FileName, FileName];
      const calls = mounted.simulator.journal.requests.length;
      const torn = await call(mounted, who, `${model}:generateContent`, filesIn('Compare.', urisOf([one, two])));
      expect(torn.status).toBe(409);
      expect(torn.text).toContain(one.name);
      expect(torn.text).toContain(two.name);
      expect(torn.text).not.toMatch(/canary|"one"|"two"/);
      expect(mounted.simulator.journal.requests.length).toBe(calls);
    }
  });

  test('another’s is what never was, byte for byte, whatever one tries with it', async () => {
    const mounted = await mount(threeProjects);
    const hers = await spread(mounted, alice, 2);
    await spread(mounted, bob, 2);
    const { name: store } = await made(mounted, bob, '/v1beta/fileSearchStores', {});
    for (const { name, uri } of Object.values(hers).flat()) {
      const never = `files/${'never'.repeat(3).slice(0, name.length - 'files/'.length)}`;
      const ways = (
        file: string,
        address: string,
      ): readonly (readonly [target: string, body?: object | undefined, method?: string])[] => [
        [`/v1beta/${file}`],
        [`/v1beta/${file}`, undefined, 'DELETE'],
        [`/v1beta/${file}:download?alt=media`],
        [`/download/v1beta/${file}:download?alt=media`],
        [`${model}:generateContent`, filesIn('Read.', [address])],
        [`${model}:streamGenerateContent?alt=sse`, filesIn('Read.', [address])],
        [`${model}:countTokens`, filesIn('Count.', [address])],
        [`${model}:batchGenerateContent`, { batch: { inputConfig: { fileName: file } } }],
        ['/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent', { batch: { inputConfig: { file_name: file } } }],
        [`/v1beta/${store}:importFile`, { fileName: file }],
        ['/v1beta/cachedContents', { model: 'models/gemini-2.5-flash', ...filesIn('Keep.', [address]) }],
      ];
      const missing = ways(never, uri.replace(name, never));
      for (const [at, [target, body, method]] of ways(name, uri).entries()) {
        const foreign = await call(mounted, bob, target, body, method);
        const [unknownTarget, unknownBody] = missing[at] as (typeof missing)[number];
        const unknown = await call(mounted, bob, unknownTarget, unknownBody, method);
        expect(foreign.status, target).toBe(404);
        expect(foreign.text.replaceAll(name, never)).toBe(unknown.text);
        expect(namesOfFields(foreign)).toEqual(namesOfFields(unknown));
      }
      expect((await call(mounted, alice, `/v1beta/${name}`)).status).toBe(200);
    }
    const listed = await call(mounted, bob, '/v1beta/files?pageSize=100');
    for (const { name } of Object.values(hers).flat()) expect(listed.text).not.toContain(name);
  });

  test('so is another’s thing of every other kind', async () => {
    const mounted = await mount(threeProjects);
    const cached = { model: 'models/gemini-2.5-flash', ...filesIn('Keep.', []) };
    const tuning = { baseModel: 'models/gemini-2.5-flash', tuningTask: { trainingData: { examples: {} } } };
    const veo = '/v1beta/models/veo-3.1-generate-preview:predictLongRunning';
    const hers = [
      await made(mounted, alice, '/v1beta/cachedContents', cached),
      await made(mounted, alice, `${model}:batchGenerateContent`, inline),
      await made(mounted, alice, '/v1beta/fileSearchStores', {}),
      await made(mounted, alice, veo, { instances: [{ prompt: 'A sluice.' }] }),
      await made(mounted, alice, '/v1beta/tunedModels?tunedModelId=hers', tuning),
      await made(mounted, alice, '/v1beta/corpora', { name: 'corpora/hers' }),
    ];
    for (const { name } of hers) {
      const [collection = '', id = ''] =
        name.split('/operations/').length > 1 && name.startsWith('models/')
          ? name.split(/\/(?=[^/]*$)/)
          : name.split('/');
      const never = `${collection}/${'n'.repeat(id.length)}`;
      for (const method of ['GET', 'DELETE', 'PATCH']) {
        const body = method === 'PATCH' ? {} : undefined;
        const foreign = await call(mounted, bob, `/v1beta/${collection}/${id}`, body, method);
        const unknown = await call(mounted, bob, `/v1beta/${never}`, body, method);
        expect(foreign.status, name).toBe(404);
        expect(foreign.text.replaceAll(`${collection}/${id}`, never)).toBe(unknown.text);
        expect(namesOfFields(foreign)).toEqual(namesOfFields(unknown));
      }
      expect((await call(mounted, alice, `/v1beta/${collection}/${id}`)).status).toBe(200);
    }
  });

  test('one id that both have chosen is to each its own', async () => {
    const mounted = await mount(threeProjects);
    await settleAt(mounted, alice, 'one');
    const hers = await upload(mounted, alice, 'hers', 'report');
    await settleAt(mounted, bob, 'two');
    const his = await upload(mounted, bob, 'his, longer', 'report');
    expect([hers.name, his.name]).toEqual(['files/report', 'files/report']);
    const sizes = [alice, bob].map(async (who) => JSON.parse((await call(mounted, who, '/v1beta/files/report')).text));
    expect((await Promise.all(sizes)).map(({ sizeBytes }) => sizeBytes)).toEqual(['4', '11']);
    for (const who of [alice, bob]) {
      const { files } = JSON.parse((await call(mounted, who, '/v1beta/files')).text) as { files: { name: string }[] };
      expect(files).toHaveLength(1);
    }
    expect((await call(mounted, bob, '/v1beta/files/report', undefined, 'DELETE')).status).toBe(200);
    expect((await call(mounted, alice, '/v1beta/files/report')).status).toBe(200);
  });
});

describeDrivers('what lives in one project', (_driver, mount) => {
  test('a batch over a file: made where the file lies, read, and its results downloaded, by its caller alone', async () => {
    const mounted = await mount(threeProjects);
    await settleAt(mounted, alice, 'two');
    const lines = await upload(mounted, alice, `${JSON.stringify({ key: 'a', request: filesIn('Hi', []) })}\n`);
    await settleAt(mounted, alice, 'three');
    const input = { batch: { inputConfig: { fileName: lines.name } } };
    const batch = await made(mounted, alice, `${model}:batchGenerateContent`, input);
    expect(homeOf(mounted, batch.name)).toBe('two');
    await onlyFor(mounted, alice, bob, `/v1beta/${batch.name}`);
    const results = `files/${batch.name.replace('batches/', 'batch-')}`;
    expect((await call(mounted, alice, `/v1beta/${batch.name}`)).text).toContain(results);
    for (const door of ['', '/download']) {
      await onlyFor(mounted, alice, bob, `${door}/v1beta/${results}:download?alt=media`);
    }
    expect((await call(mounted, bob, `/v1beta/${batch.name}:cancel`, {})).status).toBe(404);
    expect((await call(mounted, bob, `/v1beta/${batch.name}`, undefined, 'DELETE')).status).toBe(404);
    expect((await call(mounted, alice, `/v1beta/${batch.name}`, undefined, 'DELETE')).status).toBe(200);
    expect((await call(mounted, alice, `/v1beta/${batch.name}`)).status).toBe(404);
  });

  test('the results of a batch are nobody else’s before it was ever read, and its caller’s once a list has told of them', async () => {
    const mounted = await mount(threeProjects);
    const lines = await upload(mounted, alice, `${JSON.stringify({ key: 'a', request: filesIn('Hi', []) })}\n`);
    const input = { batch: { inputConfig: { fileName: lines.name } } };
    const batch = await made(mounted, alice, `${model}:batchGenerateContent`, input);
    // The provider makes the file when somebody looks; here somebody looks past the gateway.
    const direct = { 'x-goog-api-key': keyOf[homeOf(mounted, batch.name) as string] as string };
    await fetch(`${mounted.simulator.url}/v1beta/${batch.name}`, { headers: direct });
    const results = `files/${batch.name.replace('batches/', 'batch-')}`;
    expect(homeOf(mounted, results)).toBeDefined();
    expect((await call(mounted, bob, '/v1beta/files')).text).toBe('{}\n');
    expect((await call(mounted, alice, '/v1beta/batches')).text).toContain(results);
    await onlyFor(mounted, alice, bob, `/v1beta/${results}`);
    expect((await call(mounted, alice, '/v1beta/files')).text).toContain(results);
  });

  test('batches of the SDK, also of embeddings', async () => {
    const mounted = await mount(threeProjects);
    const ai = clientOf(mounted, alice);
    const src = { inlinedRequests: { contents: [{ parts: [{ text: 'one' }] }] } };
    const { name = '' } = await ai.batches.createEmbeddings({ model: 'gemini-embedding-001', src });
    expect(await ai.batches.get({ name })).toMatchObject({ name, state: 'JOB_STATE_SUCCEEDED' });
    await onlyFor(mounted, alice, bob, `/v1beta/${name}`);
  });

  test('a video: its operation and its file are its caller’s', async () => {
    const mounted = await mount(threeProjects);
    const veo = '/v1beta/models/veo-3.1-generate-preview:predictLongRunning';
    const { name } = await made(mounted, alice, veo, { instances: [{ prompt: 'A sluice.' }] });
    await settleAt(mounted, alice, projects.find((id) => id !== homeOf(mounted, name)) as string);
    const done = await call(mounted, alice, `/v1beta/${name}`);
    const [, file = ''] = /(files\/[a-z0-9-]+):download/.exec(done.text) ?? [];
    await onlyFor(mounted, alice, bob, `/v1beta/${name}`);
    await onlyFor(mounted, alice, bob, `/v1beta/${file}`);
    await onlyFor(mounted, alice, bob, `/v1beta/${file}:download?alt=media`);
    const operations = `/v1beta/${name.slice(0, name.lastIndexOf('/'))}`;
    expect((await call(mounted, alice, operations)).text).toContain(name);
    expect((await call(mounted, bob, operations)).text).toBe('{}\n');
    const imagen = await call(mounted, alice, '/v1beta/models/imagen-4.0-generate-001:predict', {
      instances: [{ prompt: 'x' }],
    });
    expect(imagen.status).toBe(200);
  });

  test('a store: imports, documents and prompts go where it lies', async () => {
    const mounted = await mount(threeProjects);
    await settleAt(mounted, alice, 'two');
    const store = await made(mounted, alice, '/v1beta/fileSearchStores', { displayName: 'Notes' });
    const near = await upload(mounted, alice);
    await settleAt(mounted, alice, 'one');
    const far = await upload(mounted, alice);
    expect((await call(mounted, alice, `/v1beta/${store.name}:importFile`, { fileName: far.name })).status).toBe(409);
    const operation = await made(mounted, alice, `/v1beta/${store.name}:importFile`, { fileName: near.name });
    await onlyFor(mounted, alice, bob, `/v1beta/${operation.name}`);
    await onlyFor(mounted, alice, bob, `/v1beta/${store.name}/documents?pageSize=1`);
    await made(mounted, alice, `/v1beta/${store.name}:importFile`, { fileName: near.name });
    const page = await call(mounted, alice, `/v1beta/${store.name}/documents?pageSize=1`);
    const { nextPageToken } = JSON.parse(page.text) as { nextPageToken: string };
    expect(Buffer.from(nextPageToken, 'base64url').toString('latin1')).not.toMatch(/two|documents/);
    await onlyFor(mounted, alice, bob, `/v1beta/${store.name}/documents?pageToken=${nextPageToken}`);
    const { documents } = JSON.parse((await call(mounted, alice, `/v1beta/${store.name}/documents`)).text);
    await onlyFor(mounted, alice, bob, `/v1beta/${documents[0].name}`);
    const searching = { tools: [{ fileSearch: { fileSearchStoreNames: [store.name] } }], ...filesIn('Search.', []) };
    expect((await call(mounted, alice, `${model}:generateContent`, searching)).status).toBe(200);
    expect((await call(mounted, bob, `${model}:generateContent`, searching)).status).toBe(404);
    expect((await call(mounted, bob, `/v1beta/${store.name}?force=true`, undefined, 'DELETE')).status).toBe(404);
    expect((await call(mounted, alice, '/v1beta/fileSearchStores')).text).toContain(store.name);
    expect((await call(mounted, bob, '/v1beta/fileSearchStores')).text).toBe('{}\n');
    expect((await call(mounted, alice, `/v1beta/${store.name}?force=true`, undefined, 'DELETE')).status).toBe(200);
    expect((await call(mounted, alice, `/v1beta/${store.name}`)).status).toBe(404);
  });

  test('a store by the SDK: import, documents by its pager, deletion', async () => {
    const mounted = await mount(threeProjects);
    const ai = clientOf(mounted, alice);
    const { name: fileSearchStoreName = '' } = await ai.fileSearchStores.create({ config: { displayName: 'Notes' } });
    const made: string[] = [];
    for (let file = 0; file < 3; file++) {
      const { name } = await upload(mounted, alice);
      const operation = await ai.fileSearchStores.importFile({ fileSearchStoreName, fileName: name });
      made.push((await ai.operations.get({ operation })).name as string);
    }
    expect(new Set(made).size).toBe(3);
    const documents: string[] = [];
    const pager = await ai.fileSearchStores.documents.list({ parent: fileSearchStoreName, config: { pageSize: 2 } });
    for await (const { name } of pager) documents.push(name as string);
    expect(documents).toHaveLength(3);
    await ai.fileSearchStores.documents.delete({ name: documents[0] as string, config: { force: true } });
    await ai.fileSearchStores.delete({ name: fileSearchStoreName, config: { force: true } });
    expect((await call(mounted, alice, `/v1beta/${documents[1]}`)).status).toBe(404);
  });

  test('a tuned model answers its caller, under an id that others may have too', async () => {
    const mounted = await mount(threeProjects);
    const tuning = {
      baseModel: 'models/gemini-2.5-flash',
      tuningTask: { trainingData: { examples: { examples: [] } } },
    };
    for (const [who, home] of [
      [alice, 'one'],
      [bob, 'three'],
    ] as const) {
      await settleAt(mounted, who, home);
      const { name } = await made(mounted, who, '/v1beta/tunedModels?tunedModelId=mine', tuning);
      expect((await call(mounted, who, `/v1beta/${name}`)).status).toBe(200);
      await settleAt(mounted, who, 'two');
      expect((await call(mounted, who, '/v1beta/tunedModels/mine')).status).toBe(200);
      expect((await call(mounted, who, '/v1beta/tunedModels/mine:generateContent', filesIn('Hi', []))).status).toBe(
        200,
      );
      expect((await call(mounted, who, '/v1beta/tunedModels')).text.match(/"tunedModels\/mine"/g)).toHaveLength(1);
    }
    await made(mounted, alice, '/v1beta/tunedModels?tunedModelId=hers', tuning);
    expect((await call(mounted, bob, '/v1beta/tunedModels/hers:generateContent', filesIn('Hi', []))).status).toBe(404);
  });

  test('a corpus and all that lies in it', async () => {
    const mounted = await mount(threeProjects);
    const corpus = await made(mounted, alice, '/v1beta/corpora', { name: 'corpora/laws' });
    const { name } = await made(mounted, alice, `/v1beta/${corpus.name}/documents`, { displayName: 'First' });
    const chunk = await made(mounted, alice, `/v1beta/${name}/chunks`, { data: { stringValue: 'One.' } });
    await settleAt(mounted, alice, 'three');
    for (const thing of [corpus.name, name, chunk.name]) await onlyFor(mounted, alice, bob, `/v1beta/${thing}`);
    expect((await call(mounted, bob, `/v1beta/${corpus.name}/documents`, {})).status).toBe(404);
    expect((await call(mounted, alice, '/v1beta/corpora')).text).toContain(corpus.name);
    expect((await call(mounted, bob, '/v1beta/corpora')).text).toBe('{}\n');
  });

  test('an API that is newer than this gateway: its things are found again, and nobody else’s', async () => {
    const mounted = await mount(threeProjects);
    await settleAt(mounted, alice, 'two');
    for (const id of projects) mounted.simulator.plan(keyOf[id] as string, [novelties(id)]);
    const { name } = await made(mounted, alice, '/v3/sketches', { prompt: 'a sluice' });
    await settleAt(mounted, alice, 'one');
    await settleAt(mounted, bob, 'two');
    expect((await call(mounted, alice, `/v3/${name}`)).text).toContain('at two');
    expect((await call(mounted, bob, `/v3/${name}`)).status).toBe(404);
    expect((await call(mounted, bob, `/v4beta/${name}:render`, {})).status).toBe(404);
    expect((await call(mounted, bob, '/v3/sketches')).text).not.toContain(name);
    // What it names beside itself is the caller's as well.
    await onlyFor(mounted, alice, bob, '/v1beta/files/drawn-by-two');
    expect((await call(mounted, alice, `/v3/${name}`, undefined, 'DELETE')).status).toBe(200);
    expect((await call(mounted, bob, `/v3/${name}`)).status).toBe(200);
  });

  test('inline batches of two callers are told apart in one project', async () => {
    const mounted = await mount(threeProjects);
    const names: string[] = [];
    for (const who of [alice, bob]) {
      await settleAt(mounted, who, 'one');
      names.push((await made(mounted, who, `${model}:batchGenerateContent`, inline)).name);
    }
    const [hers, his] = names as [string, string];
    const lists = [alice, bob].map(async (who) => (await call(mounted, who, '/v1beta/batches')).text);
    const [one, other] = await Promise.all(lists);
    expect([one?.includes(hers), one?.includes(his)]).toEqual([true, false]);
    expect([other?.includes(hers), other?.includes(his)]).toEqual([false, true]);
  });
});

/** A project with an API of tomorrow: whatever is asked, it answers with one sketch, made and kept here. */
function novelties(project: string) {
  const sketch = {
    name: `sketches/s-of-${project}`,
    said: `at ${project}`,
    drawing: { file: { name: `files/drawn-by-${project}` } },
  };
  return ({ method, target }: { method: string; target: string }): Answer => {
    const isList = method === 'GET' && /\/sketches$/.test(target);
    const body = JSON.stringify(isList ? { sketches: [sketch, { note: 'no name' }] } : sketch);
    return { status: 200, headers: [['content-type', 'application/json']], chunks: [Buffer.from(body)] };
  };
}

/** Makes something, which has to succeed. */
async function made(mounted: Mounted, key: string, target: string, body: object): Promise<{ name: string }> {
  const { status, text } = await call(mounted, key, target, body);
  expect(status, text).toBe(200);
  return JSON.parse(text) as { name: string };
}

async function onlyFor(mounted: Mounted, owner: string, other: string, target: string): Promise<void> {
  expect((await call(mounted, owner, target)).status, target).toBe(200);
  expect((await call(mounted, other, target)).status, target).toBe(404);
}

function urisOf(files: readonly FileName[]): string[] {
  return files.map(({ uri }) => uri);
}

/** What passes differs; which fields there are does not. */
function namesOfFields({ headers }: ReadAnswer): string[] {
  return [...headers.keys()].sort();
}
