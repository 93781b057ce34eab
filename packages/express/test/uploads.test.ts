import { GoogleGenAI } from '@google/genai';
import { expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { provider, running } from './running-app.ts';

const start = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' };

async function addressOf(base: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${base}/upload/v1beta/files`, { method: 'POST', headers: { ...start, ...headers } });
  await answer.text();
  return answer.headers.get('x-goog-upload-url') as string;
}

async function finish(url: string): Promise<number> {
  const headers = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };
  const answer = await fetch(url, { method: 'POST', headers, body: 'some text' });
  await answer.text();
  return answer.status;
}

test('the SDK uploads through a mount, in chunks of a length that is told', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => app.use('/tenants/:tenant/gemini', sluice(gateway)));
  const ai = new GoogleGenAI({ apiKey: 'whoever', httpOptions: { baseUrl: `${origin}/tenants/a/gemini` } });
  const file = new Blob(['x'.repeat(9_000_000)]);
  expect(await ai.files.upload({ file, config: { mimeType: 'text/plain' } })).toMatchObject({ sizeBytes: '9000000' });
});

test('the address of an upload begins as Express says that the client sees it', async () => {
  const { gateway } = await provider();
  const handler = sluice(gateway);
  const forwarded = { 'x-forwarded-host': 'front.example', 'x-forwarded-proto': 'https' };
  const plain = await running((app) => app.use('/gemini', handler));
  expect(await addressOf(`${plain}/gemini`, forwarded)).toMatch(new RegExp(`^${plain}/gemini/upload/v1beta/files\\?`));
  const behind = await running((app) => app.set('trust proxy', true).use('/gemini', handler));
  expect(await addressOf(`${behind}/gemini`, forwarded)).toMatch(/^https:\/\/front\.example\/gemini\/upload\//);
});

test('one more line serves sessions of clients that forget the mount', async () => {
  const { gateway } = await provider();
  const gemini = sluice(gateway);
  const origin = await running((app) => app.use('/gemini', gemini).all('/upload/{*rest}', gemini));
  const url = await addressOf(`${origin}/gemini`);
  expect(await finish(url.replace('/gemini', ''))).toBe(200);
  expect(await finish(await addressOf(origin))).toBe(200);
});
