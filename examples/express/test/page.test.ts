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
    ['redirect', /redirect/i],
    ['rst-mid-stream', /./],
    ['error-mid-stream', /./],
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

  test('what a model says is text, never a part of the page', async () => {
    const text = '<img src=x onerror=alert(1)><script>alert(1)</script>';
    const event = JSON.stringify({ candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }] });
    const chunks = [Buffer.from(`data: ${event}\r\n\r\n`)];
    chat.simulator.plan('*', [
      { status: 200, headers: [['content-type', 'text/event-stream']], chunks, streamed: true },
    ]);
    await asked('Be bad.');
    await ended('ended');
    expect([await answer(), await page.locator('img').count()]).toEqual([text, 0]);
  });

  test.each(['light', 'dark'] as const)(
    'on a small phone nothing is cut off, and it can be read (%s)',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 320, height: 560 });
      await asked(`A question with a word that is too long: ${'x'.repeat(80)}`);
      await ended('ended');
      const { overflow, bottom, contrast } = await page.evaluate<Measured>(measured);
      expect(overflow).toBe(0);
      expect(bottom).toBeLessThanOrEqual(560);
      expect(Math.min(...contrast)).toBeGreaterThanOrEqual(4.5);
      if (process.env.SCREENSHOTS)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/phone-${colorScheme}.png` });
    },
  );
});

interface Measured {
  readonly overflow: number;
  readonly bottom: number;
  readonly contrast: readonly number[];
}

/** Runs in the page: how far it is wider than the window, where its last line ends, and how well its texts stand out. */
const measured = `(() => {
  const luminance = (color) => {
    const [red, green, blue] = color.match(/[\\d.]+/g).slice(0, 3).map((value) => {
      const part = Number(value) / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = ['.mine p', '.theirs p', '.demo', '#send'].map((selector) => {
    const { color, backgroundColor } = getComputedStyle(document.querySelector(selector));
    const [darker, lighter] = [luminance(color), luminance(backgroundColor)].sort((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
  });
  const root = document.documentElement;
  const bottom = document.querySelector('form').getBoundingClientRect().bottom;
  return { overflow: root.scrollWidth - root.clientWidth, bottom, contrast };
})()`;
