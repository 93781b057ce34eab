import { chat } from '@sluice/electron/renderer';
import { eventually, fakeClock } from '@sluice/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openStage, type Stage } from './stage.ts';

vi.mock('electron', () => import('./fake/electron.ts'));

let stage: Stage;
afterEach(() => stage.close());

/** Until the socket of the provider takes nothing more, whoever holds it. */
async function stalled(): Promise<void> {
  let last = -1;
  let sameSince = performance.now();
  await eventually(
    'the provider is held',
    () => {
      const sent = stage.simulator.journal.requests[0]?.bytesSent ?? 0;
      if (sent !== last) sameSince = performance.now();
      last = sent;
      return sent > 0 && performance.now() - sameSince > 90;
    },
    15_000,
  );
}

describe('a window that does not keep up', () => {
  test('holds the provider, and what waits for it stays small', async () => {
    stage = await openStage();
    stage.simulator.plan('*', ['endless-stream']);
    const page = stage.open();
    const id = await page.gemini.startChat({ prompt: 'Everything.' });
    await eventually('something was said', () => page.told.length > 0);
    page.frame.isHanging = true;
    await stalled();
    expect(page.frame.waitingBytes).toBeGreaterThan(16_000);
    expect(page.frame.waitingBytes).toBeLessThan(70_000);
    const heard = page.told.length;
    page.frame.wake();
    await eventually('it goes on', () => page.told.length > heard + 20, 10_000);
    await page.gemini.cancel(id);
  });

  test('loses its answer after a minute, and is told so', async () => {
    const clock = fakeClock();
    stage = await openStage({ gemini: { gateway: { clock } } });
    stage.simulator.plan('*', ['endless-stream']);
    const page = stage.open();
    const id = await page.gemini.startChat({ prompt: 'Everything.' });
    await eventually('something was said', () => page.told.length > 0);
    page.frame.isHanging = true;
    await stalled();
    await clock.advance(59_000);
    expect(stage.backend.openStreams).toBe(1);
    // What was taken long ago is no sign of life.
    for (const seq of [0, 1]) page.frame.ipcRenderer.send('sluice:taken', { id, seq });
    await clock.advance(1_500);
    expect(stage.backend.openStreams).toBe(0);
    await eventually('the provider is left', () => stage.simulator.journal.running === 0);
    page.frame.wake();
    expect(await page.ended(id)).toMatchObject({ name: 'streamError', code: 'slow_reader' });
    await page.gemini.cancel(id);
    expect(page.told.filter(({ name }) => name !== 'newChunk')).toHaveLength(1);
  });

  test('may take its time with each piece, as long as it takes one in a while', async () => {
    const clock = fakeClock();
    stage = await openStage({ gemini: { gateway: { clock, timeouts: { slowReaderMs: 60_000, idleMs: 0 } } } });
    stage.simulator.plan('*', ['thousand-events']);
    const page = stage.open();
    let release = (): void => {};
    page.gemini.on(
      'newChunk',
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const id = await page.gemini.startChat({ prompt: 'A thousand.' });
    await eventually('something was said', () => page.told.length > 0);
    for (let round = 0; round < 3; round++) {
      await clock.advance(50_000);
      release();
      await clock.advance(1);
    }
    expect(stage.backend.openStreams).toBe(1);
    await page.gemini.cancel(id);
  });

  test('that never says that it knows the id hears nothing, and is given up', async () => {
    const clock = fakeClock();
    stage = await openStage({ gemini: { gateway: { clock } } });
    const page = stage.open();
    await page.frame.ipcRenderer.invoke('sluice:start-chat', { prompt: 'Hi.' });
    await eventually('the answer is there', () => stage.simulator.journal.requests[0]?.finishedAtMs != null);
    await clock.advance(59_000);
    expect(page.frame.received).toEqual([]);
    expect(stage.backend.openStreams).toBe(1);
    await clock.advance(2_000);
    expect(stage.backend.openStreams).toBe(0);
  });
});

describe('chat(), the answer as a loop', () => {
  test('hands out every piece and returns the end', async () => {
    stage = await openStage({ simulator: { answer: () => 'One two three.' } });
    const { gemini } = stage.open();
    const answer = chat(gemini, { prompt: 'Count.' });
    let text = '';
    let step = await answer.next();
    for (; !step.done; step = await answer.next()) text += step.value.text;
    expect(text).toBe('One two three.');
    expect(step.value).toMatchObject({ finishReason: 'STOP', usage: { totalTokens: expect.any(Number) } });
  });

  test('holds the provider between two pieces, and ends its call when it is left', async () => {
    stage = await openStage();
    stage.simulator.plan('*', ['endless-stream']);
    const { gemini } = stage.open();
    let count = 0;
    for await (const { parts } of chat(gemini, { prompt: 'Everything.' })) {
      expect(parts.length).toBeGreaterThan(0);
      if (count === 0) await stalled();
      count += 1;
      if (count === 20) break;
    }
    await eventually('the provider is left', () => stage.simulator.journal.running === 0);
    expect(stage.backend.openStreams).toBe(0);
  });

  test('throws what went wrong, with its code', async () => {
    stage = await openStage({ gemini: { gateway: { retry: { maxAttempts: 1 } } } });
    stage.simulator.plan('*', ['503']);
    const { gemini } = stage.open();
    await expect(chat(gemini, { prompt: 'Hi.' }).next()).rejects.toMatchObject({
      name: 'ChatError',
      code: 'unavailable',
      message: expect.stringMatching(/overloaded|high demand/i),
    });
  });

  test('ends with its signal, before it and in the middle', async () => {
    stage = await openStage();
    stage.simulator.plan('*', ['stall-mid-stream']);
    const { gemini } = stage.open();
    const early = AbortSignal.abort(new Error('never mind'));
    await expect(chat(gemini, { prompt: 'Hi.' }, { signal: early }).next()).rejects.toThrow('never mind');
    expect(stage.simulator.journal.requests).toEqual([]);
    const leave = new AbortController();
    const pieces = (async () => {
      for await (const _ of chat(gemini, { prompt: 'Hi.' }, { signal: leave.signal })) {
        setImmediate(() => leave.abort(new Error('enough')));
      }
    })();
    await expect(pieces).rejects.toThrow('enough');
    await eventually('the provider is left', () => stage.simulator.journal.running === 0);
  });
});
