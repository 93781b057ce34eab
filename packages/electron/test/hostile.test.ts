import { demoKey } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ipcMain } from './fake/electron.ts';
import { openStage, ownUrl, pageOf, type Stage } from './stage.ts';

vi.mock('electron', () => import('./fake/electron.ts'));

const refused: { channel: string; url: string | null }[] = [];
const seed = Number(process.env.SLUICE_PROPERTY_SEED ?? Date.now() % 2 ** 31);

let stage: Stage;
beforeEach(async () => {
  refused.length = 0;
  stage = await openStage({ gemini: { onRefused: (one) => void refused.push(one), maxRequestBytes: 100_000 } });
});
afterEach(() => stage.close());

const channels = (): string[] => [...ipcMain.handlers.keys()];
/** What every channel would take from a page of the app. */
const fitting: readonly unknown[] = [
  { key: 'AIzaHostileHostileHostileHostileHostile1' },
  { passphrase: 'correct horse' },
  undefined,
  { prompt: 'Hi.' },
  { id: '00000000-0000-4000-8000-000000000000' },
];

async function nothingHappened(before: Record<string, string>): Promise<void> {
  expect(stage.files()).toEqual(before);
  expect(stage.backend.openStreams).toBe(0);
  expect(stage.simulator.journal.requests).toEqual([]);
  expect(await stage.backend.keyState()).toMatchObject({ state: 'saved' });
}

describe('a frame that is not trusted', () => {
  test.each([
    'https://evil.example/',
    'http://localhost:5173/',
    'http://127.0.0.1:5173/',
    'file:///etc/passwd',
    'file:///opt/app/../secret/index.html',
    'file:///opt/app-evil/index.html',
    'file:///opt/app/%2e%2e/secret/index.html',
    'file://host/opt/app/index.html',
    'data:text/html,hi',
    'about:blank',
    'blob:https://evil.example/1',
    'app.evil://x/',
    'devtools://devtools/bundled/x.html',
  ])('gets the same nothing from every channel: %s', async (url) => {
    const before = stage.files();
    const { frame } = stage.open(url);
    for (const channel of channels()) {
      for (const message of fitting) {
        const reply = await frame.ipcRenderer.invoke(channel, message);
        expect(reply).toEqual({ ok: false, code: 'refused', message: 'Refused.' });
      }
    }
    frame.ipcRenderer.send('sluice:taken', { id: '00000000-0000-4000-8000-000000000000', seq: 0 });
    await eventually('all was refused', () => refused.length === channels().length * fitting.length + 1);
    expect(frame.received).toEqual([]);
    await nothingHappened(before);
  });

  test.each([ownUrl, 'app://chat/index.html', 'https://evil.example/ad', 'about:srcdoc'])(
    'an iframe is none, wherever it is from: %s',
    async (url) => {
      const before = stage.files();
      const { contents } = stage.open();
      const { gemini } = pageOf(contents.addFrame(url));
      await expect(gemini.startChat({ prompt: 'Hi.' })).rejects.toThrow(/^Refused\.$/);
      await expect(gemini.saveApiKey('AIzaHostileHostileHostileHostileHostile1')).rejects.toThrow(/^Refused\.$/);
      await expect(gemini.deleteApiKey()).rejects.toThrow(/^Refused\.$/);
      await nothingHappened(before);
    },
  );

  test('a frame that went between asking and being heard is refused', async () => {
    const before = stage.files();
    const { frame } = stage.open();
    const event = { senderFrame: null, sender: frame.contents };
    for (const handler of ipcMain.handlers.values())
      expect(await handler(event as never, fitting[0])).toMatchObject({ code: 'refused' });
    await nothingHappened(before);
  });
});

describe('whom an app trusts', () => {
  test.each(['app://chat/index.html', 'file:///opt/app/pages/chat%20page.html?x#y', ownUrl])(
    'its own pages: %s',
    async (url) => {
      expect(await stage.open(url).gemini.hasApiKey()).toBe(true);
    },
  );

  test('a development server on this machine, by its name', async () => {
    await stage.restart({ gemini: { trustedOrigins: ['http://localhost:5173/', 'http://[::1]:8080'] }, key: demoKey });
    expect(await stage.open('http://localhost:5173/deep/page').gemini.hasApiKey()).toBe(true);
    expect(await stage.open('http://[::1]:8080/').gemini.hasApiKey()).toBe(true);
    for (const url of ['http://localhost:5174/', 'https://localhost:5173/', 'http://localhost.evil.example:5173/'])
      await expect(stage.open(url).gemini.hasApiKey()).rejects.toThrow('Refused.');
  });

  test.each(['https://example.com', 'http://localhost:5173/path', 'localhost:5173', '*', 'http://10.0.0.1', ''])(
    'no origin of somewhere else can be named: %j',
    async (origin) => {
      const { registerGemini } = await import('@sluice/electron');
      expect(() => registerGemini({ trustedOrigins: [origin] })).toThrow('expected an origin of this machine');
    },
  );

  test('or whom its own rule says, which counts for nothing when it throws', async () => {
    const isTrusted = ({ url, isMainFrame }: { url: string; isMainFrame: boolean }): boolean => {
      if (url.includes('throw')) throw new Error('no idea');
      return !isMainFrame && url.startsWith('https://good.example/');
    };
    await stage.restart({ gemini: { isTrusted }, key: demoKey });
    const { contents, gemini } = stage.open();
    await expect(gemini.hasApiKey()).rejects.toThrow('Refused.');
    const inner = pageOf(contents.addFrame('https://good.example/'));
    expect(await inner.gemini.hasApiKey()).toBe(true);
    await expect(pageOf(contents.addFrame('https://good.example/throw')).gemini.hasApiKey()).rejects.toThrow(
      'Refused.',
    );
    // A frame that is trusted has its own streams, and they end with its document.
    stage.simulator.plan('*', ['stall-mid-stream']);
    await inner.gemini.startChat({ prompt: 'Hi.' });
    await eventually('something was said', () => inner.told.length > 0);
    contents.navigateFrame(inner.frame, 'https://good.example/next');
    await eventually('the provider is left', () => stage.simulator.journal.running === 0);
  });
});

describe('hostile messages of a page that is trusted', () => {
  const cyclic: Record<string, unknown> = { prompt: 'Hi.' };
  cyclic.config = { responseSchema: cyclic };
  const deep = JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`) as unknown;
  const messages: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'start'],
    ['a number', Number.NaN],
    ['a bigint', 2n ** 64n],
    ['a date', new Date()],
    ['a map', new Map([['prompt', 'Hi.']])],
    ['bytes', new Uint8Array(64)],
    ['an empty object', {}],
    ['a list', [{ prompt: 'Hi.' }]],
    ['a cycle', cyclic],
    ['a deep one', { prompt: 'Hi.', config: { responseSchema: deep } }],
    ['__proto__', JSON.parse('{"prompt":"Hi.","__proto__":{"isTrusted":true}}')],
    ['__proto__ below', { prompt: 'Hi.', config: { responseSchema: JSON.parse('{"__proto__":{"a":1}}') } }],
    ['constructor', { prompt: 'Hi.', constructor: { prototype: { polluted: true } } }],
    ['too much text', { prompt: 'x'.repeat(100_001) }],
    ['too many members', { contents: [{ parts: new Array(20_000).fill({ text: '' }) }] }],
    ['a sparse list', { contents: Object.assign([], { length: 2 ** 31 }) }],
    ['both', { prompt: 'Hi.', contents: [{ parts: [{ text: 'Hi.' }] }] }],
    ['no parts', { contents: [{ parts: [] }] }],
    ['a role that is none', { contents: [{ role: 'system', parts: [{ text: 'Hi.' }] }] }],
    ['another path', { prompt: 'Hi.', model: '../../v1beta/files' }],
    ['a query', { prompt: 'Hi.', model: 'gemini-2.5-flash?key=x' }],
    ['options of the SDK', { prompt: 'Hi.', config: { httpOptions: { baseUrl: 'https://evil.example' } } }],
    ['a body of its own', { prompt: 'Hi.', config: { extraBody: {} } }],
    ['a key in the request', { prompt: 'Hi.', apiKey: 'mine' }],
    ['an id that is none', { id: '../..' }],
    ['a key with a line in it', { key: 'AIza\r\nx-evil: 1'.padEnd(40, 'a') }],
  ];

  test.each(messages)('have no effect: %s', async (_, message) => {
    const before = stage.files();
    const { frame } = stage.open();
    for (const channel of channels().filter((name) => !/key-state|delete/.test(name))) {
      const reply = (await frame.ipcRenderer.invoke(channel, message)) as { ok: boolean; message: string };
      expect(reply).toMatchObject({ ok: false, code: 'invalid_request' });
      expect(reply.message.length).toBeLessThan(400);
      expect(reply.message).not.toContain('evil');
    }
    frame.ipcRenderer.send('sluice:taken', message);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    await nothingHappened(before);
  });

  test('functions do not even leave the window', async () => {
    const { frame } = stage.open();
    for (const channel of channels())
      await expect(frame.ipcRenderer.invoke(channel, { prompt: () => 'Hi.' })).rejects.toThrow('could not be cloned');
    await expect(frame.ipcRenderer.invoke('sluice:start-chat', { prompt: 'Hi.' }, 'and more')).resolves.toMatchObject({
      code: 'invalid_request',
    });
  });

  test(`whatever is made up changes nothing (seed ${seed})`, async () => {
    const before = stage.files();
    const random = randomFrom(seed);
    const { frame } = stage.open();
    const names = channels().filter((name) => !/key-state|delete/.test(name));
    for (let run = 0; run < 400; run++) {
      const message = madeUp(random, 4);
      const channel = names[Math.floor(random() * names.length)] ?? '';
      const reply = await frame.ipcRenderer.invoke(channel, message);
      expect(reply, `${channel} in run ${run}`).toMatchObject({ ok: false });
      frame.ipcRenderer.send('sluice:taken', message);
    }
    await nothingHappened(before);
  });

  test('acknowledgements of what was never sent give nobody more', async () => {
    stage.simulator.plan('*', ['endless-stream']);
    const { frame, gemini, told } = stage.open();
    const id = await gemini.startChat({ prompt: 'Everything.' });
    await eventually('something was said', () => told.length > 0);
    frame.isHanging = true;
    for (let seq = 1_000_000; seq < 1_000_200; seq++) frame.ipcRenderer.send('sluice:taken', { id, seq });
    for (const seq of [-1, 0.5, 2 ** 53, Number.POSITIVE_INFINITY]) frame.ipcRenderer.send('sluice:taken', { id, seq });
    for (let again = 0; again < 200; again++) frame.ipcRenderer.send('sluice:taken', { id, seq: 0 });
    let last = -1;
    await eventually('nothing more comes', () => {
      const isSame = frame.waitingBytes === last && last > 0;
      last = frame.waitingBytes;
      return isSame;
    });
    expect(frame.waitingBytes).toBeLessThan(70_000);
    await gemini.cancel(id);
  });
});

/** Mulberry32. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Never a whole request: its names come, but with values that do not fit. */
function madeUp(random: () => number, depth: number): unknown {
  const pick = <One>(many: readonly One[]): One => many[Math.floor(random() * many.length)] as One;
  const names = [
    'prompt',
    'contents',
    'config',
    'model',
    'id',
    'seq',
    'key',
    'passphrase',
    '__proto__',
    'parts',
    'length',
    'then',
  ];
  const leaf = [
    undefined,
    null,
    true,
    '',
    '\u0000',
    '\ud800',
    -0,
    1e308,
    Number.NaN,
    -1n,
    new Date(0),
    new Set([1]),
    /x/,
  ];
  if (depth === 0 || random() < 0.3) return pick(leaf);
  if (random() < 0.3) return Array.from({ length: Math.floor(random() * 5) }, () => madeUp(random, depth - 1));
  const made: Record<string, unknown> = {};
  for (let count = Math.floor(random() * 6); count >= 0; count--) {
    const value = madeUp(random, depth - 1);
    Object.defineProperty(made, pick(names), { value, enumerable: true, configurable: true, writable: true });
  }
  return made;
}
