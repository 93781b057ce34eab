import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoKey } from '@sluice/simulator';
import { chromium, eventually } from '@sluice/testkit';
import { type Browser, chromium as driver, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundle } from '../src/bundle.ts';
import { type RunningApp, type RunningOptions, runningApp } from './running-app.ts';
import { type ShownPage, type ShowOptions, showPage } from './shown-page.ts';

vi.mock('electron', () => import('../../../packages/electron/test/fake/electron.ts'));
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

if (chromium === null)
  test('skipped: no chromium', (context) => {
    // Where everything has to run, a missing browser is a failure.
    expect(process.env.CI, 'the tests of the page need chromium').toBeFalsy();
    context.skip();
  });

const pictures = fileURLToPath(new URL('../../../reports/electron-app-pictures/', import.meta.url));

describe.runIf(chromium !== null)('the chat in a browser', () => {
  let browser: Browser;
  let folder: string;
  let app: RunningApp;
  let shown: ShownPage;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-chat-bundle-'));
    mkdirSync(pictures, { recursive: true });
    await bundle(folder);
    // Chromium's own sandbox wants privileges that containers do not give.
    browser = await driver.launch({ executablePath: chromium ?? '', args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(options: RunningOptions = {}, show: Partial<ShowOptions> = {}): Promise<void> {
    app = await runningApp({ chunkMs: 12, ...options });
    shown = await showPage(browser, app, {
      preload: join(folder, 'preload.cjs'),
      onTrouble: (text) => void troubles.push(text),
      ...show,
    });
    page = shown.page;
    await page.locator('#settings[data-state]').waitFor();
  }
  afterEach(async () => {
    await page.context().close();
    await app.close();
    expect(troubles.splice(0)).toEqual([]);
  });

  const standing = (): Promise<string> => page.locator('#standing').innerText();
  const answer = (): Promise<string> => page.locator('.theirs p').last().innerText();
  const state = (): Promise<string | null> => page.locator('.theirs').last().getAttribute('data-state');
  const ended = (how: string): Promise<void> => page.locator(`.theirs[data-state=${how}]`).last().waitFor();
  const picture = (name: string): Promise<Buffer> => page.screenshot({ path: join(pictures, `${name}.png`) });

  async function saved(key = demoKey): Promise<void> {
    // Where a key is missing, the page has opened it by itself.
    if (!(await page.locator('#panel').isVisible())) await page.locator('#settings').click();
    await page.locator('#key').fill(key);
    await page.locator('#save').click();
    await page.locator('#panel').waitFor({ state: 'hidden' });
    await page.locator('#settings[data-state=saved], #settings[data-state=session]').waitFor();
  }

  async function asked(text: string): Promise<void> {
    await page.locator('#question').fill(text);
    await page.locator('#question').press('Enter');
  }

  test('a key is saved, an answer grows word by word, and the next one knows what was said', async () => {
    await open();
    expect(await standing()).toBe('No API key');
    await page.locator('#settings').click();
    await picture('no-key');
    await page.locator('#close-panel').click();
    await saved();
    expect(await standing()).toBe('API key saved');
    expect(await page.locator('#key').inputValue()).toBe('');
    await asked('Why is the sky blue?');
    const lengths = new Set<number>();
    while ((await state()) === 'running') lengths.add((await answer()).length);
    expect(lengths.size).toBeGreaterThan(3);
    expect(await answer()).toContain('a test can count on them.');
    await asked('And at night?');
    await page.locator('.theirs[data-state=ended]').nth(1).waitFor();
    const [first, second] = app.simulator.journal.requests;
    expect(first?.key).toBe(demoKey);
    const { contents } = JSON.parse(Buffer.from(second?.body ?? []).toString());
    expect(contents.map(({ role }: { role: string }) => role)).toEqual(['user', 'model', 'user']);
    await picture('light');
  });

  test('the conversation is there again after the page was loaded anew, and the key is', async () => {
    await open({}, { colorScheme: 'dark' });
    await saved();
    await asked('Why is the sky blue?');
    await ended('ended');
    const text = await answer();
    await shown.reload();
    await page.locator('.theirs').waitFor();
    expect(await answer()).toBe(text);
    expect(await standing()).toBe('API key saved');
    expect(await page.locator('#chats .open').allInnerTexts()).toEqual(['Why is the sky blue?']);
    await page.locator('#fresh').click();
    expect(await page.locator('.theirs').count()).toBe(0);
    await asked('Another thing.');
    await ended('ended');
    expect(await page.locator('#chats .open').allInnerTexts()).toEqual(['Another thing.', 'Why is the sky blue?']);
    await page.locator('#chats .open').nth(1).click();
    expect(await answer()).toBe(text);
    await picture('dark');
    await page.locator('#chats .drop').nth(0).click();
    await page.locator('#chats .drop').nth(0).click();
    expect(await page.locator('#chats li').count()).toBe(0);
    expect(await page.locator('#title').innerText()).toBe('New chat');
  });

  test('Stop stops it at once, and the call to the provider with it', async () => {
    await open();
    await saved();
    app.simulator.plan('*', ['slow-stream']);
    await asked('Tell me everything.');
    await eventually('the answer is under way', () => (app.simulator.journal.requests[0]?.bytesSent ?? 0) > 0, 5_000);
    await page.locator('#stop').click();
    await eventually('the provider is left', () => app.simulator.journal.requests[0]?.abandonedAtMs != null);
    await ended('stopped');
    expect(await page.locator('.note').innerText()).toBe('Stopped.');
    expect(await page.locator('#send').isVisible()).toBe(true);
  });

  test('an answer ends with its page, and what it had said is kept', async () => {
    await open();
    await saved();
    app.simulator.plan('*', ['stall-mid-stream']);
    await asked('Tell me everything.');
    await eventually('the answer is under way', () => app.simulator.journal.running === 1, 5_000);
    await page.locator('.theirs p:not(:empty)').waitFor();
    await shown.reload();
    await eventually('the provider is left', () => app.simulator.journal.running === 0);
    await page.locator('.theirs[data-state=stopped]').waitFor();
    expect(await answer()).not.toBe('');
  });

  test.each([
    ['404', /not found|not supported/i],
    ['rst-mid-stream', /./],
    ['400-key-invalid', /key/i],
  ] as const)('an error (%s) is shown where the answer would be', async (step, words) => {
    await open();
    await saved();
    app.simulator.plan('*', [step]);
    await asked('Hello?');
    await ended('failed');
    const note = page.locator('.note[role=alert]');
    expect(await note.innerText()).toMatch(words);
    expect(await note.innerText()).not.toMatch(/JSON|undefined|Unexpected|\{/);
    if (step === '404') await picture('error');
    await saved();
    app.simulator.plan('*', ['ok']);
    await asked('Again?');
    await page.locator('.theirs').nth(1).waitFor();
    await page.locator('.theirs[data-state=ended]').waitFor();
  });

  test('without a key the page says so, and opens where one is given', async () => {
    await open();
    await asked('Hello?');
    await ended('failed');
    expect(await page.locator('.note').innerText()).toContain('no API key');
    expect(await page.locator('#panel').getAttribute('open')).not.toBeNull();
    await page.locator('#key').fill('two words');
    await page.locator('#save').click();
    expect(await page.locator('#key-trouble').innerText()).toContain('expected an API key');
    expect(app.simulator.journal.requests).toEqual([]);
  });

  test('where nothing encrypts, a passphrase keeps the key', async () => {
    await open({ keyring: 'basic_text' });
    await page.locator('#settings').click();
    await page.locator('#key').fill(demoKey);
    await page.locator('#passphrase').fill('correct horse');
    await picture('passphrase');
    await page.locator('#save').click();
    await page.locator('#settings[data-state=saved]').waitFor();
    await asked('Hello?');
    await ended('ended');
  });

  test('in the demo it says so, until a key is saved', async () => {
    await open({ isDemo: true });
    expect(await page.locator('#demo').innerText()).toContain('simulator');
    await asked('Hello?');
    await ended('ended');
    await saved();
    expect(await page.locator('#demo').isVisible()).toBe(false);
  });
});
