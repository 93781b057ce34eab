/** Three projects, two callers, and what both can do: the scene of the tests about whose things are whose. */

import { GoogleGenAI } from '@google/genai';
import { type Mounted, type MountOptions, type ReadAnswer, read } from '@sluice/testkit';
import { expect } from 'vitest';

export const alice = 'alice-canary-key-0001';
export const bob = 'bob-canary-key-000002';
export const keyOf: Readonly<Record<string, string>> = {
  one: 'canary-key-of-one-1',
  two: 'canary-key-of-two-1',
  three: 'canary-key-of-three',
};
export const projects: readonly string[] = Object.keys(keyOf);
const callers = [
  { id: 'alice', key: alice },
  { id: 'bob', key: bob },
];
/** What is begun is done at once, and the smallest text may be cached. */
const prompt = { minCachedTokens: 1, batchProcessingMs: 0, operationMs: 0 };

export const threeProjects: MountOptions = {
  simulator: { projects: projects.map((id) => ({ id, keys: [keyOf[id] as string] })), ...prompt },
  gateway: { callers },
};

/** Moves a caller's home: the others are put away while it makes something. */
export async function settleAt({ gateway, fetch }: Mounted, key: string, home: string): Promise<void> {
  const pool = gateway.pools.gemini;
  const others = projects.filter((id) => id !== home);
  for (const id of others) await pool?.disable(`${id}#1`, 'a test');
  await read(await fetch('/v1beta/anything/new', { method: 'POST', headers: { 'x-goog-api-key': key }, body: '' }));
  for (const id of others) await pool?.enable(`${id}#1`);
}

export interface FileName {
  readonly name: string;
  readonly uri: string;
}

export async function upload({ fetch }: Mounted, key: string, text = 'some text', id?: string): Promise<FileName> {
  const { status, text: answer } = await read(await fetch('/upload/v1beta/files', uploading(key, text, id)));
  expect(status, answer).toBe(200);
  return (JSON.parse(answer) as { file: FileName }).file;
}

/** Past the gateway. */
export async function uploadDirectly({ simulator }: Mounted, project: string): Promise<FileName> {
  const answer = await fetch(`${simulator.url}/upload/v1beta/files`, uploading(keyOf[project] as string, 'elsewhere'));
  return ((await answer.json()) as { file: FileName }).file;
}

function uploading(key: string, text: string, id?: string): RequestInit {
  if (id === undefined) {
    const type = text.startsWith('{') ? 'application/jsonl' : 'text/plain';
    const headers = { 'x-goog-api-key': key, 'content-type': type, 'x-goog-upload-protocol': 'raw' };
    return { method: 'POST', headers, body: text };
  }
  const part = (type: string, body: string): string => `--cut\r\ncontent-type: ${type}\r\n\r\n${body}\r\n`;
  const file = JSON.stringify({ file: { name: `files/${id}` } });
  return {
    method: 'POST',
    headers: {
      'x-goog-api-key': key,
      'content-type': 'multipart/related; boundary=cut',
      'x-goog-upload-protocol': 'multipart',
    },
    body: `${part('application/json', file)}${part('text/plain', text)}--cut--\r\n`,
  };
}

/** Puts so many files of a caller into each project. @returns them by project */
export async function spread(mounted: Mounted, key: string, each: number): Promise<Record<string, FileName[]>> {
  const made: Record<string, FileName[]> = {};
  for (const home of projects) {
    await settleAt(mounted, key, home);
    const files: FileName[] = [];
    for (let file = 0; file < each; file++) files.push(await upload(mounted, key));
    made[home] = files;
  }
  return made;
}

/** A call with a JSON body, or none; the method follows from that unless it is told. */
export async function call(
  { fetch }: Mounted,
  key: string,
  target: string,
  body?: object,
  method = body === undefined ? 'GET' : 'POST',
): Promise<ReadAnswer> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const init: RequestInit = { method, headers: { 'x-goog-api-key': key, ...type } };
  return read(await fetch(target, body === undefined ? init : { ...init, body: JSON.stringify(body) }));
}

export function filesIn(prompt: string, uris: readonly string[]): object {
  const parts = uris.map((fileUri) => ({ fileData: { fileUri, mimeType: 'text/plain' } }));
  return { contents: [{ role: 'user', parts: [...parts, { text: prompt }] }] };
}

/** The project that keeps a thing, as the provider sees it. */
export function homeOf({ simulator }: Mounted, name: string): string | undefined {
  return projects.find((id) => {
    const { files, cachedContents, batches, stores, tunedModels, operations } = simulator.project(id);
    return [files, cachedContents, batches, stores, tunedModels, operations].some((names) => names.includes(name));
  });
}

/** Over the network by base URL alone; in process by `fetch` alone. */
export function clientOf({ origin, gateway }: Mounted, apiKey: string): GoogleGenAI {
  const way = origin === null ? { fetch: gateway.fetch } : { baseUrl: origin };
  return new GoogleGenAI({ apiKey, apiVersion: 'v1beta', httpOptions: way });
}
