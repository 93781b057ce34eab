import { readFileSync } from 'node:fs';
import { chromium, eventually } from '@sluice/testkit';
import { type Browser, chromium as driver, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RunningChat, runningChat } from './running-chat.ts';

vi.setConfig({ testTimeout: 20_000 });

if (chromium === null)
  test('skipped: no chromium', (context) => {
    // Where everything has to run, a missing browser is a failure.
    expect(process.env.CI, 'the tests of the page need chromium').toBeFalsy();
    context.skip();
  });

describe.runIf(chromium !== null)('the chat in a browser', () => {
  let browser: Browser;
  let chat: RunningChat;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    // Chromium's own sandbox wants privileges that containers do not give.
    browser = await driver.launch({ executablePath: chromium ?? '', args: ['--no-sandbox', '--disable-gpu'] });
  }, 30_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    chat = await runningChat(12);
    page = await browser.newPage();
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on(
      'console',
      (message) => void (/Content Security Policy/.test(message.text()) && troubles.push(message.text())),
    );
    await page.goto(chat.origin);
  });
  afterEach(async () => {
    await page.context().close();
    await chat.close();
    expect(troubles.splice(0)).toEqual([]);
  });

  const answer = (): Promise<string> => page.locator('.theirs p').last().innerText();
  const state = (): Promise<string | null> => page.locator('.theirs').last().getAttribute('data-state');
  const ended = (how: string): Promise<void> =>
    page.locator(`.theirs[data-state=${how}]`).last().waitFor({ timeout: 5_000 });

  async function asked(text: string): Promise<void> {
    await page.locator('#question').fill(text);
    await page.locator('#question').press('Enter');
  }

  test('a question is answered word by word, and the next one knows what was said', async () => {
    await asked('Why is the sky blue?');
    const lengths = new Set<number>();
    while ((await state()) === 'running') lengths.add((await answer()).length);
    expect(lengths.size).toBeGreaterThan(3);
    expect(await answer()).toContain('a test can count on them.');
    await asked('And at night?');
    await page.locator('.theirs').nth(1).waitFor();
    await ended('ended');
    await eventually('the second answer is whole', () => chat.simulator.journal.requests[1]?.finishedAtMs != null);
    const { contents } = JSON.parse(Buffer.from(chat.simulator.journal.requests[1]?.body ?? []).toString());
    expect(contents.map(({ role }: { role: string }) => role)).toEqual(['user', 'model', 'user']);
    expect(await page.locator('.demo').innerText()).toContain('simulator');
  });

  test('Stop stops it at once, and the call to the provider with it', async () => {
    chat.simulator.plan('*', ['slow-stream']);
    await asked('Tell me everything.');
    await eventually('the answer is under way', () => (chat.simulator.journal.requests[0]?.bytesSent ?? 0) > 0);
    const stop = page.locator('#stop');
    await stop.waitFor();
    await stop.click();
    await eventually('the provider is left', () => chat.simulator.journal.requests[0]?.abandonedAtMs != null, 500);
    await ended('stopped');
    expect(await page.locator('.note').innerText()).toBe('Stopped.');
    expect(await page.locator('#send').isVisible()).toBe(true);
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
    ['rst-mid-stream', /./],
    ['no-finish', /./],
  ] as const)('an error (%s) is shown where the answer would be', async (step, words) => {
    chat.simulator.plan('*', [step]);
    await asked('Hello?');
    await ended('failed');
    const note = page.locator('.note[role=alert]');
    expect(await note.innerText()).toMatch(words);
    expect(await note.innerText()).not.toMatch(/JSON|undefined|Unexpected/);
    chat.simulator.plan('*', ['ok']);
    await asked('Again?');
    await page.locator('.theirs').nth(1).waitFor();
    await ended('ended');
  });

  test('whoever has no session gets nothing, and the page says what to do', async () => {
    await page.context().clearCookies();
    await asked('Hello?');
    await ended('failed');
    expect(await page.locator('.note').innerText()).toBe('Your session is over. Load the page again.');
    expect(chat.simulator.journal.requests).toEqual([]);
  });
});

test('the page is the one of the other chat: what is tested of it there holds here', () => {
  const [here, there] = ['../src/page.html', '../../express/src/page.html'].map((path) =>
    readFileSync(new URL(path, import.meta.url), 'utf8'),
  );
  expect(here === there).toBe(true);
});
