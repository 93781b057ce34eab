import { demoKey } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ipcMain } from './fake/electron.ts';
import { openStage, type Stage, type StartOptions, textOf } from './stage.ts';

vi.mock('electron', () => import('./fake/electron.ts'));

let stage: Stage;
afterEach(() => stage.close());

const start = async (options: Parameters<typeof openStage>[0] = {}): Promise<Stage> => {
  stage = await openStage(options);
  return stage;
};

describe('a chat', () => {
  test('comes chunk by chunk, and ends once', async () => {
    const { simulator } = await start({ simulator: { answer: () => 'One two three four.', chunkMs: 1 } });
    const { gemini, told, ended } = stage.open();
    const id = await gemini.startChat({ prompt: 'Count.' });
    const end = await ended(id);
    expect(textOf(told, id)).toBe('One two three four.');
    expect(told.filter(({ name }) => name === 'newChunk').length).toBeGreaterThan(2);
    expect(told.filter(({ name }) => name !== 'newChunk')).toEqual([end]);
    expect(end).toMatchObject({ name: 'streamEnd', finishReason: 'STOP', blockReason: null });
    expect(end).toHaveProperty('usage.answerTokens', expect.any(Number));
    expect(simulator.journal.requests).toHaveLength(1);
    expect(simulator.journal.requests[0]).toMatchObject({ key: demoKey });
    expect(simulator.journal.requests[0]?.target).toContain('/v1beta/models/gemini-2.5-flash:streamGenerateContent');
  });

  test('asks the model that is named, with the whole conversation and its settings', async () => {
    const { simulator } = await start({ gemini: { model: 'gemini-2.5-flash-lite' } });
    const { gemini, ended } = stage.open();
    const contents = [
      { role: 'user', parts: [{ text: 'Hi.' }] },
      { role: 'model', parts: [{ text: 'Hello.' }] },
      { role: 'user', parts: [{ text: 'Bye.' }] },
    ] as const;
    const config = { temperature: 0.5, systemInstruction: 'Be brief.', thinkingConfig: { thinkingBudget: 0 } };
    await ended(await gemini.startChat({ model: 'gemini-2.5-pro', contents, config }));
    await ended(await gemini.startChat({ prompt: 'Which one?' }));
    const [first, second] = simulator.journal.requests;
    expect(first?.target).toContain('/gemini-2.5-pro:');
    expect(second?.target).toContain('/gemini-2.5-flash-lite:');
    expect(JSON.parse(Buffer.from(first?.body ?? []).toString())).toMatchObject({
      contents,
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      generationConfig: { temperature: 0.5, thinkingConfig: { thinkingBudget: 0 } },
    });
  });

  test('is retried by the gateway before anything was shown', async () => {
    const { simulator } = await start();
    simulator.plan(demoKey, ['503', 'rst-before-headers', 'ok']);
    const { gemini, ended } = stage.open();
    expect(await ended(await gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('name', 'streamEnd');
    expect(simulator.journal.requests.map(({ step }) => step)).toEqual(['503', 'rst-before-headers', 'ok']);
  });

  test.each([
    ['400-blocked', { prompt: 'Hi.' }, 'blocked-prompt', { name: 'streamEnd', finishReason: null, blockReason: /./ }],
    ['404', { prompt: 'Hi.' }, '404', { name: 'streamError', code: 'not_found', message: /not found|supported/i }],
    ['cut in the middle', { prompt: 'Hi.' }, 'rst-mid-stream', { name: 'streamError', code: 'upstream_truncated' }],
    ['without an end', { prompt: 'Hi.' }, 'no-finish', { name: 'streamError', code: 'upstream_truncated' }],
    ['an error in the middle', { prompt: 'Hi.' }, 'error-mid-stream', { name: 'streamError', code: /unavailable/ }],
    [
      'a quota',
      { prompt: 'Hi.' },
      '429-day',
      { name: 'streamError', code: 'resource_exhausted', retryAfterMs: expect.any(Number) },
    ],
  ] as const)('that fails (%s) says so in words, once', async (_, request, step, expected) => {
    const { simulator } = await start({ gemini: { gateway: { retry: { maxAttempts: 1 } } } });
    simulator.plan('*', [step]);
    const { gemini, told, ended } = stage.open();
    const end = await ended(await gemini.startChat(request));
    for (const [name, value] of Object.entries(expected)) {
      const given = (end as unknown as Record<string, unknown>)[name];
      if (value instanceof RegExp) expect(given).toMatch(value);
      else expect(given).toEqual(value);
    }
    expect(told.filter(({ name }) => name !== 'newChunk')).toHaveLength(1);
    expect(JSON.stringify(end)).not.toMatch(/undefined|Unexpected token|\{\\n|\{\\"/);
  });

  test('that no call can be made of says so, and nothing is sent', async () => {
    await start();
    const { gemini, ended } = stage.open();
    const end = await ended(await gemini.startChat({ prompt: 'Hi.', config: { responseSchema: { type: 'null' } } }));
    expect(end).toMatchObject({ name: 'streamError', code: 'invalid_request' });
    expect(stage.simulator.journal.requests).toEqual([]);
  });

  test('says what to do where the network is gone', async () => {
    await start({ gemini: { pool: { baseUrl: 'http://127.0.0.1:9' }, gateway: { retry: { maxAttempts: 1 } } } });
    const { gemini, ended } = stage.open();
    const end = await ended(await gemini.startChat({ prompt: 'Hi.' }));
    expect(end).toMatchObject({ name: 'streamError', code: 'upstream_unreachable' });
    expect(end).toHaveProperty('message', expect.stringMatching(/^[A-Z].{20,}/));
  });

  test.each([
    ['nothing was saved', {}, /no API key yet/],
    ['the key is locked', { keyring: 'basic_text' }, /passphrase/],
  ] as const)(
    'without a key (%s) is an error that says so, and nothing is sent',
    async (_, options: StartOptions, words) => {
      await start({ ...options, key: null });
      if (options.keyring !== undefined) {
        await stage.backend.saveApiKey(demoKey, 'correct horse');
        await stage.restart(options);
      }
      const { gemini, ended } = stage.open();
      expect(await gemini.hasApiKey()).toBe(false);
      const end = await ended(await gemini.startChat({ prompt: 'Hi.' }));
      expect(end).toMatchObject({ name: 'streamError', code: 'no_usable_key', message: expect.stringMatching(words) });
      expect(stage.simulator.journal.requests).toEqual([]);
      const direct = await stage.backend.gateway.fetch('/v1beta/models/gemini-2.5-flash:countTokens', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"contents":[{"parts":[{"text":"hi"}]}]}',
      });
      expect(direct.status).toBe(503);
      expect(stage.simulator.journal.requests).toEqual([]);
    },
  );

  test('answers the same question from the cache, where the gateway is told to', async () => {
    const { simulator } = await start({ gemini: { gateway: { cache: { ttlMs: 60_000 } } } });
    const { gemini, told, ended } = stage.open();
    const texts: string[] = [];
    for (const prompt of ['Same?', 'Same?', 'Another?']) {
      const id = await gemini.startChat({ prompt });
      expect(await ended(id)).toHaveProperty('finishReason', 'STOP');
      texts.push(textOf(told, id));
    }
    expect(texts[0]).not.toBe('');
    expect(texts[1]).toBe(texts[0]);
    expect(simulator.journal.requests).toHaveLength(2);
  });

  test('runs beside others, up to a number', async () => {
    const { simulator } = await start({ gemini: { maxStreamsPerFrame: 2 } });
    simulator.plan('*', ['slow-stream']);
    const { gemini, told, ended } = stage.open();
    const ids = await Promise.all([gemini.startChat({ prompt: 'One.' }), gemini.startChat({ prompt: 'Two.' })]);
    await expect(gemini.startChat({ prompt: 'Three.' })).rejects.toThrow('2 answers under way');
    const other = stage.open();
    const elsewhere = await other.gemini.startChat({ prompt: 'Elsewhere.' });
    for (const id of ids) expect(await ended(id)).toHaveProperty('name', 'streamEnd');
    expect(await other.ended(elsewhere)).toHaveProperty('name', 'streamEnd');
    expect(new Set(told.map(({ id }) => id))).toEqual(new Set(ids));
    expect(new Set(other.told.map(({ id }) => id))).toEqual(new Set([elsewhere]));
    await gemini.cancel(await gemini.startChat({ prompt: 'There is room again.' }));
  });
});

describe('the life of a chat', () => {
  const underWay = (): Promise<void> =>
    eventually('the answer is under way', () => (stage.simulator.journal.requests[0]?.bytesSent ?? 0) > 0);
  const left = (): Promise<void> =>
    eventually('the provider is left', () =>
      stage.simulator.journal.requests.every((one) => one.abandonedAtMs !== null),
    );

  test('cancel ends the call to the provider, and nothing more is heard', async () => {
    const { simulator } = await start();
    simulator.plan('*', ['slow-stream']);
    const { gemini, frame, told } = stage.open();
    const id = await gemini.startChat({ prompt: 'Tell me everything.' });
    await eventually('something was said', () => told.length > 0);
    const cancelled = gemini.cancel(id);
    frame.send('sluice:newChunk', { id, seq: 99, parts: [{ text: 'on its way already' }] });
    frame.send('sluice:streamEnd', { id, finishReason: 'STOP', blockReason: null, usage: null });
    const heard = told.length;
    expect(await cancelled).toBe(true);
    await left();
    expect(await gemini.cancel(id)).toBe(false);
    expect(told.length).toBe(heard);
    expect(stage.backend.openStreams).toBe(0);
  });

  test('only the frame that began it can cancel it, or hears of it', async () => {
    const { simulator } = await start();
    simulator.plan('*', ['slow-stream']);
    const [mine, other] = [stage.open(), stage.open()];
    const id = await mine.gemini.startChat({ prompt: 'Hi.' });
    expect(await other.gemini.cancel(id)).toBe(false);
    other.frame.ipcRenderer.send('sluice:taken', { id, seq: 1 });
    expect(await mine.ended(id)).toHaveProperty('name', 'streamEnd');
    expect(other.frame.received).toEqual([]);
  });

  test.each([
    ['the window is closed', 'destroy'],
    ['the page is loaded again', 'reload'],
    ['the process of the page is gone', 'crash'],
  ] as const)('ends with its page: %s', async (_, how) => {
    const { simulator } = await start();
    simulator.plan('*', ['stall-mid-stream']);
    const { contents, gemini, told } = stage.open();
    await gemini.startChat({ prompt: 'Hi.' });
    await underWay();
    // So that it is not a later piece that finds out that the page is gone.
    await eventually(
      'all that comes has come',
      unchangedFor(60, () => told.length),
    );
    expect(told.length).toBeGreaterThan(0);
    contents[how]();
    await left();
    expect(stage.backend.openStreams).toBe(0);
    if (how === 'reload') expect(contents.mainFrame.received).toEqual([]);
  });

  test('does not begin where its window went while the key was looked for', async () => {
    await start();
    const { contents, frame } = stage.open();
    const asked = ipcMain.handlers.get('sluice:start-chat')?.({ senderFrame: frame, sender: contents } as never, {
      prompt: 'Hi.',
    });
    contents.destroy();
    expect(await asked).toMatchObject({ ok: false, code: 'forbidden' });
    expect(stage.simulator.journal.requests).toEqual([]);
  });

  test('goes on where a navigation was begun and refused', async () => {
    const { simulator } = await start();
    simulator.plan('*', ['slow-stream']);
    const { contents, gemini, ended } = stage.open();
    const id = await gemini.startChat({ prompt: 'Hi.' });
    await underWay();
    contents.on('will-navigate', (event) => event.preventDefault());
    expect(contents.navigate('https://elsewhere.example/', { byPage: true })).toBe(false);
    expect(await ended(id)).toHaveProperty('name', 'streamEnd');
  });

  test('ends with the app, and not where quitting was prevented', async () => {
    const { simulator } = await start();
    simulator.plan('*', ['stall-mid-stream']);
    const { app } = await import('./fake/electron.ts');
    const { gemini } = stage.open();
    await gemini.startChat({ prompt: 'Hi.' });
    await underWay();
    app.once('before-quit', (event) => event.preventDefault());
    expect(app.quit()).toBe(false);
    expect(stage.backend.openStreams).toBe(1);
    app.emit('will-quit', {});
    await left();
    expect(stage.backend.openStreams).toBe(0);
    expect(app.listenerCount('will-quit')).toBe(0);
  });

  test('leaves no listener behind', async () => {
    await start();
    const { contents, gemini, ended } = stage.open();
    for (const prompt of ['One.', 'Two.', 'Three.']) await ended(await gemini.startChat({ prompt }));
    const names = ['did-frame-navigate', 'render-process-gone', 'destroyed'];
    const before = names.map((name) => contents.listenerCount(name));
    expect(Math.max(...before)).toBeLessThanOrEqual(2);
    await stage.backend.close();
    expect(names.map((name) => contents.listenerCount(name))).toEqual([0, 0, 1]);
  });
});

function unchangedFor(ms: number, value: () => number): () => boolean {
  let last = Number.NaN;
  let sinceMs = 0;
  return () => {
    if (value() !== last) sinceMs = performance.now();
    last = value();
    return last > 0 && performance.now() - sinceMs > ms;
  };
}
