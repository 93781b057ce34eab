import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually, read } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningChat, runningChat } from './running-chat.ts';

const target = '/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';
const init = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"contents":[{"parts":[{"text":"hi"}]}]}',
};

describe('without a browser', () => {
  let chat: RunningChat;
  beforeEach(async () => {
    chat = await runningChat(0);
  });
  afterEach(() => chat.close());

  test('who has opened the page may call, and is told apart in events', async () => {
    const page = await fetch(chat.origin);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const cookie = page.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const told = new Promise((resolve) => chat.gateway.on('request', resolve));
    const session = cookie.split(';')[0] ?? '';
    const headers = { ...init.headers, cookie: session };
    const { status, text } = await read(await fetch(chat.origin + target, { ...init, headers }));
    expect([status, text.includes('"finishReason"')]).toEqual([200, true]);
    expect(await told).toMatchObject({ caller: expect.stringMatching(/^browser-[0-9a-f]{8}$/), outcome: 'complete' });
    expect(JSON.stringify(chat.simulator.journal.requests[0]?.rawHeaders)).not.toContain(session);
    expect((await fetch(chat.origin, { headers })).headers.get('set-cookie')).toBeNull();
  });

  test.each([undefined, 'chat-session=', 'chat-session=guess', 'other=1'])('nobody else may (%s)', async (cookie) => {
    const headers = { ...init.headers, ...(cookie === undefined ? {} : { cookie }) };
    expect((await fetch(chat.origin + target, { ...init, headers })).status).toBe(401);
  });
});

test('whoever reads when the chat goes down hears the answer to its end', async () => {
  const chat = await runningChat(5);
  const cookie = (await fetch(chat.origin)).headers.get('set-cookie')?.split(';')[0] ?? '';
  const answer = await fetch(chat.origin + target, { ...init, headers: { ...init.headers, cookie } });
  const down = chat.app.close();
  const { text, brokenBy } = await read(answer);
  expect([text.includes('"finishReason"'), brokenBy]).toEqual([true, null]);
  await down;
  await chat.close();
});

test('started without a key, it says that a simulator answers, and goes down when it is told', async () => {
  const server = fileURLToPath(new URL('../src/server.ts', import.meta.url));
  const env = { PATH: process.env.PATH, PORT: '0' };
  const child = spawn(process.execPath, ['--conditions=@sluice/source', server], { env });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const code = new Promise((resolve) => child.once('exit', resolve));
  try {
    await eventually('it listens', () => said.includes('Demo mode'), 10_000);
    const origin = /http:\S+/.exec(said)?.[0] ?? '';
    expect((await (await fetch(origin)).text()).includes('Demo mode')).toBe(true);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await code).toBe(0);
}, 20_000);
