/** The whole Gemini API by its own SDK, over three projects, for two callers: by a base URL alone, as if there were one of each. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPartFromUri } from '@google/genai';
import { describeDrivers, type Mounted } from '@sluice/testkit';
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
  threeProjects,
  upload,
} from '../journey/two-callers.ts';

const model = 'gemini-2.5-flash';
const inlined = [{ contents: [{ parts: [{ text: 'Hi' }] }] }];

describeDrivers('@google/genai over three projects', (_driver, mount) => {
  test('files: upload, get, list, use and delete', async () => {
    const mounted = await mount(threeProjects);
    const { hers, his } = await eachAtEach(mounted, async (key) => {
      const file = new Blob(['Once upon a time']);
      const { name, uri } = await clientOf(mounted, key).files.upload({ file, config: { mimeType: 'text/plain' } });
      return { name: name as string, uri: uri as string };
    });
    for (const [key, own] of [
      [alice, hers],
      [bob, his],
    ] as const) {
      const ai = clientOf(mounted, key);
      expect(await namesOf(await ai.files.list({ config: { pageSize: 2 } }))).toEqual(sortedNames(own));
      for (const { name, uri } of own) {
        await staysAtHome(mounted, name, async () => {
          expect(await ai.files.get({ name })).toMatchObject({ name, uri });
          const contents = [createPartFromUri(uri, 'text/plain'), 'Read.'];
          expect((await ai.models.generateContent({ model, contents })).text).not.toBe('');
          expect((await ai.models.countTokens({ model, contents })).totalTokens).toBeGreaterThan(0);
          for await (const chunk of await ai.models.generateContentStream({ model, contents })) void chunk;
        });
      }
    }
    for (const { name } of hers) {
      await expect(clientOf(mounted, bob).files.get({ name })).rejects.toMatchObject({ status: 404 });
      await expect(clientOf(mounted, bob).files.delete({ name })).rejects.toMatchObject({ status: 404 });
      await clientOf(mounted, alice).files.delete({ name });
      await expect(clientOf(mounted, alice).files.get({ name })).rejects.toMatchObject({ status: 404 });
    }
    expect(await namesOf(await clientOf(mounted, alice).files.list())).toEqual([]);
    expect(await namesOf(await clientOf(mounted, bob).files.list())).toEqual(sortedNames(his));
  });

  test('caches: create, list, get, update, use and delete', async () => {
    const mounted = await mount(threeProjects);
    const { hers, his } = await eachAtEach(mounted, async (key) => {
      const config = { contents: 'Long enough.', displayName: key.slice(0, 5), ttl: '600s' };
      return named(await clientOf(mounted, key).caches.create({ model, config }));
    });
    for (const [key, own] of [
      [alice, hers],
      [bob, his],
    ] as const) {
      const ai = clientOf(mounted, key);
      expect(await namesOf(await ai.caches.list({ config: { pageSize: 1 } }))).toEqual(sortedNames(own));
      for (const { name } of own) {
        await staysAtHome(mounted, name, async () => {
          expect(await ai.caches.get({ name })).toMatchObject({ displayName: key.slice(0, 5) });
          await ai.caches.update({ name, config: { ttl: '1200s' } });
          const config = { cachedContent: name };
          const { usageMetadata } = await ai.models.generateContent({ model, contents: 'And then?', config });
          expect(usageMetadata?.cachedContentTokenCount).toBeGreaterThan(0);
          const generateContentRequest = { model: `models/${model}`, cachedContent: name, ...filesIn('And?', []) };
          const target = `/v1beta/models/${model}:countTokens`;
          expect((await call(mounted, key, target, { generateContentRequest })).status).toBe(200);
        });
      }
    }
    for (const { name } of his) {
      const ai = clientOf(mounted, alice);
      const config = { cachedContent: name };
      for (const attempt of [
        () => ai.caches.get({ name }),
        () => ai.caches.update({ name, config: { ttl: '1s' } }),
        () => ai.caches.delete({ name }),
        () => ai.models.generateContent({ model, contents: 'And then?', config }),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ status: 404 });
      }
      await clientOf(mounted, bob).caches.delete({ name });
    }
    expect(await namesOf(await clientOf(mounted, bob).caches.list())).toEqual([]);
  });

  test('batches: create, get, list, download, cancel and delete', async () => {
    const mounted = await mount(threeProjects);
    const folder = await mkdtemp(join(tmpdir(), 'sluice-sweep-'));
    const line = `${JSON.stringify({ key: 'a', request: filesIn('Hi', []) })}\n`;
    try {
      const { hers, his } = await eachAtEach(mounted, async (key) => {
        const { name } = await upload(mounted, key, line);
        return named(await clientOf(mounted, key).batches.create({ model, src: name }));
      });
      const made = new Set([...hers, ...his].map(({ name }) => homeOf(mounted, name)));
      expect(made.size).toBe(projects.length);
      for (const [key, own, other] of [
        [alice, hers, bob],
        [bob, his, alice],
      ] as const) {
        const ai = clientOf(mounted, key);
        expect(await namesOf(await ai.batches.list({ config: { pageSize: 2 } }))).toEqual(sortedNames(own));
        for (const { name } of own) {
          const results = await staysAtHome(mounted, name, async () => {
            const { state, dest } = await ai.batches.get({ name });
            expect(state).toBe('JOB_STATE_SUCCEEDED');
            const file = dest?.fileName as string;
            const downloadPath = join(folder, `${name.split('/')[1]}.jsonl`);
            await ai.files.download({ file, downloadPath });
            expect(await readFile(downloadPath, 'utf8')).toContain('"key":"a"');
            return file;
          });
          await expect(clientOf(mounted, other).files.get({ name: results })).rejects.toMatchObject({ status: 404 });
          const stolen = { file: results, downloadPath: join(folder, 'stolen') };
          await expect(clientOf(mounted, other).files.download(stolen)).rejects.toThrow();
          expect(await namesOf(await clientOf(mounted, other).files.list())).not.toContain(results);
        }
      }
      for (const { name } of hers) {
        const stranger = clientOf(mounted, bob);
        await expect(stranger.batches.cancel({ name })).rejects.toMatchObject({ status: 404 });
        await expect(stranger.batches.delete({ name })).rejects.toMatchObject({ status: 404 });
        await clientOf(mounted, alice).batches.delete({ name });
        await expect(clientOf(mounted, alice).batches.get({ name })).rejects.toMatchObject({ status: 404 });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('batches of requests and of embeddings, while they run', async () => {
    const simulator = { ...threeProjects.simulator, batchProcessingMs: 60_000 };
    const mounted = await mount({ ...threeProjects, simulator });
    const { hers } = await eachAtEach(mounted, async (key) => {
      const ai = clientOf(mounted, key);
      const src = { inlinedRequests: { contents: [{ parts: [{ text: 'one' }] }] } };
      const embeddings = await ai.batches.createEmbeddings({ model: 'gemini-embedding-001', src });
      expect(homeOf(mounted, embeddings.name as string)).toBeDefined();
      return named(await ai.batches.create({ model, src: inlined }));
    });
    expect(await namesOf(await clientOf(mounted, alice).batches.list())).toHaveLength(6);
    for (const { name } of hers) {
      await staysAtHome(mounted, name, async () => {
        await clientOf(mounted, alice).batches.cancel({ name });
        expect(await clientOf(mounted, alice).batches.get({ name })).toMatchObject({ state: 'JOB_STATE_CANCELLED' });
      });
    }
  });

  test('file search stores: create, import, poll, documents, search and delete', async () => {
    const mounted = await mount(threeProjects);
    const { hers, his } = await eachAtEach(mounted, async (key) => {
      const ai = clientOf(mounted, key);
      const { name: fileSearchStoreName } = named(
        await ai.fileSearchStores.create({ config: { displayName: 'Notes' } }),
      );
      for (let file = 0; file < 3; file++) {
        const { name: fileName } = await upload(mounted, key);
        const operation = await ai.fileSearchStores.importFile({ fileSearchStoreName, fileName });
        expect(await ai.operations.get({ operation })).toMatchObject({ done: true });
      }
      return { name: fileSearchStoreName, uri: '' };
    });
    for (const [key, own, other] of [
      [alice, hers, bob],
      [bob, his, alice],
    ] as const) {
      const ai = clientOf(mounted, key);
      expect(await namesOf(await ai.fileSearchStores.list({ config: { pageSize: 2 } }))).toEqual(sortedNames(own));
      for (const { name } of own) {
        const document = await staysAtHome(mounted, name, async () => {
          expect(await ai.fileSearchStores.get({ name })).toMatchObject({ name });
          const documents = await namesOf(
            await ai.fileSearchStores.documents.list({ parent: name, config: { pageSize: 2 } }),
          );
          expect(documents).toHaveLength(3);
          const [first] = documents as [string];
          expect(await ai.fileSearchStores.documents.get({ name: first })).toMatchObject({ name: first });
          const config = { tools: [{ fileSearch: { fileSearchStoreNames: [name] } }] };
          expect((await ai.models.generateContent({ model, contents: 'Search.', config })).text).not.toBe('');
          return first;
        });
        const stranger = clientOf(mounted, other);
        const config = { tools: [{ fileSearch: { fileSearchStoreNames: [name] } }] };
        for (const attempt of [
          () => stranger.fileSearchStores.get({ name }),
          () => stranger.fileSearchStores.delete({ name, config: { force: true } }),
          () => stranger.fileSearchStores.documents.get({ name: document }),
          () => stranger.fileSearchStores.documents.list({ parent: name }),
          () => stranger.fileSearchStores.documents.delete({ name: document, config: { force: true } }),
          () => stranger.models.generateContent({ model, contents: 'Search.', config }),
        ]) {
          await expect(attempt()).rejects.toMatchObject({ status: 404 });
        }
        await ai.fileSearchStores.documents.delete({ name: document, config: { force: true } });
        await ai.fileSearchStores.delete({ name, config: { force: true } });
        await expect(ai.fileSearchStores.get({ name })).rejects.toMatchObject({ status: 404 });
      }
    }
  });

  test('what the SDK no longer calls: tuned models, corpora, videos', async () => {
    const mounted = await mount(threeProjects);
    const tuning = { baseModel: `models/${model}`, tuningTask: { trainingData: { examples: { examples: [] } } } };
    const ways: Readonly<Record<string, (who: string) => readonly [target: string, body: object]>> = {
      tunedModels: (who) => [`/v1beta/tunedModels?tunedModelId=${who}`, tuning],
      corpora: (who) => ['/v1beta/corpora', { name: `corpora/${who}` }],
      operations: () => [
        '/v1beta/models/veo-3.1-generate-preview:predictLongRunning',
        { instances: [{ prompt: 'x' }] },
      ],
    };
    for (const [what, way] of Object.entries(ways)) {
      let count = 0;
      const { hers, his } = await eachAtEach(mounted, async (key) => {
        const [target, body] = way(`${key.slice(0, 5).replaceAll('-', '')}${++count}`);
        const { status, text } = await call(mounted, key, target, body);
        expect(status, text).toBe(200);
        const { name } = JSON.parse(text) as { name: string };
        return { name: what === 'tunedModels' ? (name.split('/operations/')[0] as string) : name, uri: '' };
      });
      for (const [key, own, other] of [
        [alice, hers, bob],
        [bob, his, alice],
      ] as const) {
        for (const { name } of own) {
          expect((await call(mounted, key, `/v1beta/${name}`)).status, name).toBe(200);
          expect((await call(mounted, other, `/v1beta/${name}`)).status, name).toBe(404);
          expect((await call(mounted, other, `/v1beta/${name}`, undefined, 'DELETE')).status, name).toBe(404);
        }
        const list = what === 'operations' ? '/v1beta/models/veo-3.1-generate-preview/operations' : `/v1beta/${what}`;
        const { text } = await call(mounted, key, `${list}?pageSize=20`);
        const listed = (Object.values(JSON.parse(text))[0] as { name: string }[]).map(({ name }) => name);
        expect(listed.toSorted()).toEqual(sortedNames(own));
      }
    }
  });

  test('models are listed once, for all projects', async () => {
    const mounted = await mount(threeProjects);
    const names = await namesOf(await clientOf(mounted, alice).models.list({ config: { pageSize: 3 } }));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain(`models/${model}`);
    const asked = mounted.simulator.journal.requests.map(({ key }) => key);
    expect(new Set(asked).size).toBe(1);
  });
});

/** Lets both callers make something in each project. */
async function eachAtEach(
  mounted: Mounted,
  make: (key: string) => Promise<FileName>,
): Promise<{ hers: FileName[]; his: FileName[] }> {
  const made: Record<string, FileName[]> = { [alice]: [], [bob]: [] };
  for (const home of projects) {
    for (const key of [alice, bob]) {
      await settleAt(mounted, key, home);
      made[key]?.push(await make(key));
    }
  }
  return { hers: made[alice] ?? [], his: made[bob] ?? [] };
}

/** Whatever is done with a thing is done where it lies, at the first try. */
async function staysAtHome<Value>(mounted: Mounted, name: string, use: () => Promise<Value>): Promise<Value> {
  const { journal } = mounted.simulator;
  const before = journal.requests.length;
  const value = await use();
  const asked = journal.requests.slice(before);
  expect(asked.length).toBeGreaterThan(0);
  expect(new Set(asked.map(({ key }) => key))).toEqual(new Set([keyOf[homeOf(mounted, name) as string]]));
  return value;
}

function named({ name }: { name?: string | undefined }): FileName {
  return { name: name as string, uri: '' };
}

function sortedNames(things: readonly FileName[]): string[] {
  return things.map(({ name }) => name).toSorted();
}

/** By the SDK's own pager, in alphabetical order. */
async function namesOf(pager: AsyncIterable<{ name?: string }>): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of pager) names.push(name as string);
  return names.toSorted();
}
