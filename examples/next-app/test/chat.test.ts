import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, eventually, read } from '@sluice/testkit';
import { type Browser, chromium as driver, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { built } from '../src/build.ts';
import { originOf, type RunningChat, runningChat } from './running-chat.ts';

vi.setConfig({ testTimeout: 30_000 });

const target = '/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';
const init = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"contents":[{"parts":[{"text":"hi"}]}]}',
};

let chat: RunningChat;
beforeAll(async () => {
  chat = await runningChat(12);
}, 600_000);
beforeEach(() => chat.simulator.plan('*', ['ok']));
afterAll(() => chat?.close());

async function cookie(): Promise<string> {
  const page = await fetch(chat.origin);
  await page.text();
  return page.headers.get('set-cookie') ?? '';
}

describe('without a browser', () => {
  test('who has opened the page may call, and the cookie stays here', async () => {
    const given = await cookie();
    expect(given).toMatch(/HttpOnly/i);
    expect(given).toMatch(/SameSite=strict/i);
    const session = given.split(';')[0] ?? '';
    const answer = await fetch(chat.origin + target, { ...init, headers: { ...init.headers, cookie: session } });
    const { status, text } = await read(answer);
    expect([status, text.includes('"finishReason"')]).toEqual([200, true]);
    expect(JSON.stringify(chat.simulator.journal.requests.at(-1)?.rawHeaders)).not.toContain(session);
    const again = await fetch(chat.origin, { headers: { cookie: session } });
    await again.text();
    expect(again.headers.get('set-cookie')).toBeNull();
  });

  test.each(['', 'chat-session=', 'chat-session=browser-000000000000.guess', 'other=1'])(
    'nobody else may (%s)',
    async (guess) => {
      const answer = await fetch(chat.origin + target, { ...init, headers: { ...init.headers, cookie: guess } });
      expect([answer.status, (await answer.json()) as unknown]).toEqual([
        401,
        expect.objectContaining({ error: expect.anything() }),
      ]);
    },
  );

  test('addresses of uploads are those that a browser reaches', async () => {
    const headers = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' };
    const all = { ...headers, cookie: (await cookie()).split(';')[0] ?? '' };
    const answer = await fetch(`${chat.origin}/gemini/upload/v1beta/files`, { method: 'POST', headers: all });
    await answer.text();
    expect(answer.headers.get('x-goog-upload-url')?.startsWith(`${chat.origin}/gemini/upload/v1beta/files?`)).toBe(
      true,
    );
  });
});

test('started without a key, it says that a simulator answers, and goes down when it is told, after what is under way', async () => {
  await built();
  const server = fileURLToPath(new URL('../src/server.ts', import.meta.url));
  const env = { PATH: process.env.PATH, PORT: '0', NODE_ENV: 'production' as const };
  const child = spawn(process.execPath, ['--conditions=@sluice/source', server], { env });
  const code = new Promise((resolve) => child.once('exit', resolve));
  try {
    const origin = await originOf(child);
    const page = await fetch(origin);
    expect(await page.text()).toContain('Demo mode');
    const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? '';
    const answer = await fetch(origin + target, { ...init, headers: { ...init.headers, cookie } });
    child.kill('SIGTERM');
    const { text, brokenBy } = await read(answer);
    expect([text.includes('"finishReason"'), brokenBy]).toEqual([true, null]);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await code).toBe(0);
}, 90_000);

if (chromium === null)
  test('skipped: no chromium', (context) => {
    // Where everything has to run, a missing browser is a failure.
    expect(process.env.CI, 'the tests of the page need chromium').toBeFalsy();
    context.skip();
  });

describe.runIf(chromium !== null)('the chat in a browser', () => {
  let browser: Browser;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    // Chromium's own sandbox wants privileges that containers do not give.
    browser = await driver.launch({ executablePath: chromium ?? '', args: ['--no-sandbox', '--disable-gpu'] });
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    page = await browser.newPage();
    page.on('pageerror', (error) => troubles.push(error.message));
    await page.goto(chat.origin);
    await page.locator('.idea').first().waitFor();
  });
  afterEach(async () => {
    await page.context().close();
    await eventually('everything is over', () => chat.simulator.journal.running === 0);
    expect(troubles.splice(0)).toEqual([]);
  });

  const answer = (): Promise<string> => page.locator('.theirs p').last().innerText();
  const state = (): Promise<string | null> => page.locator('.theirs').last().getAttribute('data-state');
  const ended = (how: string): Promise<void> =>
    page.locator(`.theirs[data-state=${how}]`).last().waitFor({ timeout: 10_000 });

  async function asked(text: string): Promise<void> {
    await page.locator('textarea').fill(text);
    await page.locator('textarea').press('Enter');
    await page.locator('.theirs').last().waitFor();
  }

  async function pictured(name: string): Promise<void> {
    const folder = fileURLToPath(new URL('../../../reports/next-app/', import.meta.url));
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: `${folder}${name}.png` });
  }

  test('a question is answered word by word, and the next one knows what was said', async () => {
    await pictured('empty');
    await asked('Why is the sky blue?');
    const lengths = new Set<number>();
    while ((await state()) === 'running') lengths.add((await answer()).length);
    expect(lengths.size).toBeGreaterThan(3);
    expect(await answer()).toContain('a test can count on them.');
    await asked('And at night?');
    await page.locator('.theirs[data-state=ended]').nth(1).waitFor();
    const { contents } = JSON.parse(Buffer.from(chat.simulator.journal.requests.at(-1)?.body ?? []).toString());
    expect(contents.map(({ role }: { role: string }) => role)).toEqual(['user', 'model', 'user']);
    expect(await page.locator('.demo').innerText()).toContain('simulator');
    await pictured('answered');
  });

  test('Stop stops it at once, and the call to the provider with it', async () => {
    chat.simulator.plan('*', ['slow-stream']);
    await asked('Tell me everything.');
    await page.locator('.theirs p', { hasText: /\S/ }).waitFor();
    await page.emulateMedia({ colorScheme: 'dark' });
    await pictured('streaming-dark');
    await page.locator('.stop').click();
    await eventually(
      'the provider is left',
      () => chat.simulator.journal.requests.at(-1)?.abandonedAtMs != null && chat.simulator.journal.running === 0,
      1_000,
    );
    await ended('stopped');
    expect(await page.locator('.note').innerText()).toBe('Stopped.');
    expect(await page.locator('.send').isVisible()).toBe(true);
  });

  test('leaving the page ends the call as well', async () => {
    chat.simulator.plan('*', ['slow-stream']);
    await asked('Tell me everything.');
    await eventually('the answer is under way', () => chat.simulator.journal.running === 1);
    await page.goto('about:blank');
    await eventually('the provider is left', () => chat.simulator.journal.running === 0, 1_000);
  });

  test.each([
    ['404', /not found|not supported/i],
    ['rst-mid-stream', /stopped before its end/],
    ['no-finish', /./],
  ] as const)('an error (%s) is shown where the answer would be', async (step, words) => {
    await page.setViewportSize({ width: 360, height: 640 });
    chat.simulator.plan('*', [step]);
    await asked('Hello?');
    await ended('failed');
    const note = page.locator('.note[role=alert]');
    expect(await note.innerText()).toMatch(words);
    expect(await note.innerText()).not.toMatch(/JSON|undefined|Unexpected/);
    chat.simulator.plan('*', ['ok']);
    await asked('Again?');
    await page.locator('.theirs[data-state=ended]').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await pictured(`narrow-${step}`);
  });

  test('whoever has no session gets nothing, and the page says what to do', async () => {
    await page.context().clearCookies();
    const before = chat.simulator.journal.requests.length;
    await asked('Hello?');
    await ended('failed');
    expect(await page.locator('.note').innerText()).toBe('Your session is over. Load the page again.');
    expect(chat.simulator.journal.requests).toHaveLength(before);
  });
});
