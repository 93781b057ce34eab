/** What only the older SDK calls, over a pool of three projects: videos and tuned models, of two callers who never meet. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway, type Gateway } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';
import { type Simulator, startSimulator } from '@sluice/simulator';
import { GoogleGenAI } from 'genai-1';
import { afterEach, beforeEach, expect, test } from 'vitest';

const projects = ['one', 'two', 'three'].map((id) => ({ id, keys: [`canary-key-of-${id}-0001`] }));
const callers = ['alice', 'bob'].map((id) => ({ id, key: `${id}-canary-key-000001` }));
const veo = 'veo-3.1-generate-preview';
/** A busy machine that runs tests would refuse at random. */
const overload = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };

let simulator: Simulator;
let gateway: Gateway;
let server: Server;
let folder: string;

beforeEach(async () => {
  simulator = await startSimulator({ projects, operationMs: 0 });
  gateway = createGateway({ pools: { gemini: { baseUrl: simulator.url, projects } }, callers, overload });
  server = createServer(nodeListener(gateway));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  folder = await mkdtemp(join(tmpdir(), 'sluice-clients-'));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await gateway.close();
  await simulator.close();
  await rm(folder, { recursive: true });
});

test('videos: begun, waited for, and downloaded where they were made', async () => {
  const files: Record<string, string> = {};
  for (const [at, { id }] of projects.entries()) {
    for (const { id: who } of callers) {
      await settleAt(who, id);
      const { models, operations, files: store } = clientOf(who);
      const begun = await models.generateVideos({ model: veo, source: { prompt: `A sluice, ${at}.` } });
      expect(simulator.project(id).operations).toContain(begun.name);
      await settleAt(who, projects[(at + 1) % 3]?.id as string);
      const done = await operations.getVideosOperation({ operation: begun });
      expect(done).toMatchObject({ done: true });
      const video = done.response?.generatedVideos?.[0]?.video;
      const downloadPath = join(folder, `${who}-${id}.mp4`);
      await store.download({ file: video as object, downloadPath });
      expect((await readFile(downloadPath)).length).toBeGreaterThan(0);
      const [name = ''] = /files\/[a-z0-9-]+/.exec(video?.uri ?? '') ?? [];
      expect(simulator.project(id).files).toContain(name);
      files[name] = who;
      const other = clientOf(who === 'alice' ? 'bob' : 'alice');
      await expect(other.operations.getVideosOperation({ operation: begun })).rejects.toMatchObject({ status: 404 });
    }
  }
  expect(Object.keys(files)).toHaveLength(6);
  for (const { id: who } of callers) {
    const seen: string[] = [];
    for await (const { name } of await clientOf(who).files.list({ config: { pageSize: 1 } })) seen.push(name as string);
    expect(seen.toSorted()).toEqual(
      Object.keys(files)
        .filter((name) => files[name] === who)
        .toSorted(),
    );
  }
});

test('every credential of ours stays with us, and every one of theirs with them', async () => {
  const { models } = clientOf('alice');
  await models.generateVideos({ model: veo, source: { prompt: 'A sluice.' } });
  const sent = JSON.stringify(simulator.journal.requests.map(({ target, headers }) => [target, headers]));
  expect(sent).not.toContain('alice-canary');
  expect(sent).toContain('canary-key-of-');
});

test('tuned models: listed, looked at and asked where they were made', async () => {
  const made: Record<string, string[]> = { alice: [], bob: [] };
  for (const { id } of projects) {
    for (const { id: who } of callers) {
      await settleAt(who, id);
      const model = await tune(who, `${who}-${id}`);
      expect(simulator.project(id).tunedModels).toContain(model);
      made[who]?.push(model);
    }
  }
  for (const { id: who } of callers) {
    const { tunings, models } = clientOf(who);
    const other = clientOf(who === 'alice' ? 'bob' : 'alice');
    const seen: string[] = [];
    for await (const { name } of await tunings.list({ config: { pageSize: 2 } })) seen.push(name as string);
    expect(seen.toSorted()).toEqual(made[who]?.toSorted());
    for (const name of made[who] ?? []) {
      expect(await tunings.get({ name })).toMatchObject({ name });
      expect((await models.generateContent({ model: name, contents: 'Hi' })).text).not.toBe('');
      await expect(other.tunings.get({ name })).rejects.toMatchObject({ status: 404 });
      await expect(other.models.generateContent({ model: name, contents: 'Hi' })).rejects.toMatchObject({
        status: 404,
      });
    }
  }
});

/** Past the SDK: the simulator does not take what that sends to tune. @returns its name */
async function tune(who: string, tunedModelId: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const key = callers.find(({ id }) => id === who)?.key as string;
  const tuningTask = { trainingData: { examples: { examples: [] } } };
  const answer = await fetch(`http://127.0.0.1:${port}/v1beta/tunedModels?tunedModelId=${tunedModelId}`, {
    method: 'POST',
    headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ baseModel: 'models/gemini-2.5-flash', tuningTask }),
  });
  expect(answer.status).toBe(200);
  await answer.text();
  return `tunedModels/${tunedModelId}`;
}

function clientOf(who: string): GoogleGenAI {
  const { port } = server.address() as AddressInfo;
  const apiKey = callers.find(({ id }) => id === who)?.key as string;
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `http://127.0.0.1:${port}` } });
}

/** Moves a caller's home: the others are put away while it makes something. */
async function settleAt(who: string, home: string): Promise<void> {
  const pool = gateway.pools.gemini;
  const others = projects.filter(({ id }) => id !== home);
  for (const { id } of others) await pool?.disable(`${id}#1`, 'a test');
  const key = callers.find(({ id }) => id === who)?.key as string;
  const headers = { 'x-goog-api-key': key };
  await (await gateway.fetch('/v1beta/anything/new', { method: 'POST', headers, body: '' })).text();
  for (const { id } of others) await pool?.enable(`${id}#1`);
}
