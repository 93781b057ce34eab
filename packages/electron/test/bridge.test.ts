import { eventually } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ipcMain } from './fake/electron.ts';
import { openStage, type Stage } from './stage.ts';

vi.mock('electron', () => import('./fake/electron.ts'));

let stage: Stage;
beforeEach(async () => {
  stage = await openStage({ simulator: { answer: () => 'One two three.' } });
});
afterEach(() => stage.close());

describe('window.gemini', () => {
  test('is functions and nothing else, and nobody can change it', () => {
    const { gemini, frame } = stage.open();
    expect(Object.keys(frame.window)).toEqual(['gemini']);
    expect(Object.values(gemini).map((member) => typeof member)).toEqual(Object.keys(gemini).map(() => 'function'));
    expect(Object.isFrozen(gemini)).toBe(true);
    expect(JSON.stringify(Object.keys(gemini))).not.toMatch(/ipc|send|invoke/i);
  });

  test('stops telling whoever has stopped listening, and tells the others', async () => {
    const { gemini, ended } = stage.open();
    const [kept, dropped] = [vi.fn(), vi.fn()];
    gemini.on('streamEnd', kept);
    const stop = gemini.on('streamEnd', dropped);
    stop();
    stop();
    await ended(await gemini.startChat({ prompt: 'Hi.' }));
    expect([kept.mock.calls.length, dropped.mock.calls.length]).toEqual([1, 0]);
  });

  test('hands listeners an event of the chat, never one of IPC', async () => {
    const { gemini, ended } = stage.open();
    const heard: unknown[][] = [];
    gemini.on('newChunk', (...args) => void heard.push(args));
    await ended(await gemini.startChat({ prompt: 'Hi.' }));
    expect(heard.length).toBeGreaterThan(0);
    for (const args of heard) {
      expect(args).toHaveLength(1);
      expect(Object.keys(args[0] as object).sort()).toEqual(['id', 'parts', 'text']);
    }
  });

  test('goes on where a listener throws', async () => {
    const complaint = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { gemini, ended } = stage.open();
    gemini.on('newChunk', () => {
      throw new Error('of the page');
    });
    expect(await ended(await gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('name', 'streamEnd');
    expect(complaint).toHaveBeenCalled();
    complaint.mockRestore();
  });

  test('keeps thoughts out of the text, and all that came in the parts', async () => {
    const { gemini, frame, told } = stage.open();
    stage.simulator.plan('*', ['stall-before-first']);
    const id = await gemini.startChat({ prompt: 'Think.' });
    const parts = [{ text: 'Hm. ', thought: true }, { text: 'Yes' }, { functionCall: { name: 'look' } }, { text: '.' }];
    frame.send('sluice:newChunk', { id, seq: 1, parts });
    await eventually('it was told', () => told.length === 1);
    expect(told).toEqual([{ name: 'newChunk', id, text: 'Yes.', parts }]);
    await gemini.cancel(id);
  });

  test('says in plain words what was wrong, without Electron’s own in front', async () => {
    const { gemini } = stage.open();
    await expect(gemini.startChat({ prompt: '' })).rejects.toThrow(/^The request was not understood: /);
    await expect(gemini.startChat({ contents: [] })).rejects.toThrow(/contents.*expected/);
  });
});

test('one backend for an app: a second one is refused, and after the first is closed it is not', async () => {
  const { registerGemini } = await import('@sluice/electron');
  expect(() => registerGemini()).toThrow('second handler');
  await stage.backend.close();
  expect(ipcMain.handlers.size).toBe(0);
  expect(ipcMain.listenerCount('sluice:taken')).toBe(0);
  const again = registerGemini();
  expect(ipcMain.handlers.size).toBe(6);
  await again.close();
});

test('options that are wrong are refused where they are given', async () => {
  const { registerGemini } = await import('@sluice/electron');
  await stage.backend.close();
  expect(() => registerGemini({ gateway: { retry: { maxAttempts: -1 } } })).toThrow('retry.maxAttempts');
  expect(() => registerGemini({ pool: { baseUrl: 'nowhere' } })).toThrow('baseUrl');
  expect(ipcMain.handlers.size).toBe(0);
});
