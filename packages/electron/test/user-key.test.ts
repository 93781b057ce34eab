import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoKey } from '@sluice/simulator';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as electron from './fake/electron.ts';
import { forgetKeyrings, type Keyring } from './fake/safe-storage.ts';
import { openStage, type Stage } from './stage.ts';

vi.mock('electron', () => import('./fake/electron.ts'));

const key = 'AIzaCanaryCanaryCanaryCanaryCanary12345';
const passphrase = 'correct horse battery';
const isPosix = process.platform !== 'win32';

let stage: Stage;
afterEach(async () => {
  await stage.close();
  forgetKeyrings();
});

const open = async (keyring: Keyring, more: Parameters<typeof openStage>[0] = {}): Promise<Stage> => {
  stage = await openStage({ keyring, key: null, ...more });
  return stage;
};

describe.each(['keychain', 'gnome_libsecret', 'kwallet6'] as const)('where the system encrypts (%s)', (keyring) => {
  test.each([true, false])('a key is saved and found again (asynchronous API: %s)', async (isAsync) => {
    await open(keyring, { isAsync });
    const { gemini } = stage.open();
    expect(await gemini.keyState()).toEqual({ state: 'none', reason: 'nothing_saved', encryption: 'os' });
    expect(await gemini.saveApiKey(` ${demoKey}\n`)).toEqual({ state: 'saved', reason: 'os', encryption: 'os' });
    expect(electron.safeStorage.encrypted).toEqual([demoKey]);
    await stage.restart({ isAsync });
    expect(await stage.backend.keyState()).toEqual({ state: 'saved', reason: 'os', encryption: 'os' });
    const page = stage.open();
    expect(await page.ended(await page.gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('name', 'streamEnd');
    expect(stage.simulator.journal.requests.at(-1)?.key).toBe(demoKey);
  });
});

describe.each(['basic_text', 'unknown', 'unavailable'] as const)('where nothing encrypts (%s)', (keyring) => {
  test('a key lasts for the session and nothing is written', async () => {
    await open(keyring);
    const { gemini, ended } = stage.open();
    expect(await gemini.saveApiKey(demoKey)).toEqual({
      state: 'session',
      reason: 'no_encryption',
      encryption: 'passphrase',
    });
    expect(electron.safeStorage.encrypted).toEqual([]);
    expect(() => stage.files()).toThrow('ENOENT');
    expect(await ended(await gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('name', 'streamEnd');
    await stage.restart();
    expect(await stage.backend.keyState()).toMatchObject({ state: 'none', reason: 'nothing_saved' });
  });
});

describe('under a passphrase', () => {
  test('a key is saved, locked after a start, and unlocked by nothing else', async () => {
    await open('basic_text');
    const saved = { state: 'saved', reason: 'passphrase', encryption: 'passphrase' };
    expect(await stage.open().gemini.saveApiKey(demoKey, passphrase)).toEqual(saved);
    const text = stage.files()['gemini-key.json'] ?? '';
    expect(text).not.toContain(demoKey);
    expect(JSON.parse(text).sealed).toMatchObject({ kdf: 'scrypt', N: 131_072, r: 8, p: 1 });
    await stage.restart();
    const { gemini, ended } = stage.open();
    expect(await gemini.keyState()).toMatchObject({ state: 'locked', reason: 'passphrase' });
    expect(await gemini.hasApiKey()).toBe(false);
    await expect(gemini.unlockApiKey('correct horse batterz')).rejects.toThrow('not the passphrase');
    expect(await gemini.keyState()).toHaveProperty('state', 'locked');
    expect(await gemini.unlockApiKey(passphrase)).toEqual(saved);
    expect(await ended(await gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('name', 'streamEnd');
    await expect(gemini.unlockApiKey(passphrase)).rejects.toThrow('no key that waits');
  });

  test('the same key twice looks different, and a file that was changed opens for nobody', async () => {
    await open('basic_text');
    await stage.backend.saveApiKey(key, passphrase);
    const first = JSON.parse(stage.files()['gemini-key.json'] ?? '');
    await stage.backend.saveApiKey(key, passphrase);
    const second = JSON.parse(stage.files()['gemini-key.json'] ?? '');
    for (const name of ['salt', 'iv', 'tag', 'text']) expect(second.sealed[name]).not.toBe(first.sealed[name]);
    const path = join(stage.home, 'config', 'fake', 'sluice', 'gemini-key.json');
    writeFileSync(path, JSON.stringify({ ...second, sealed: { ...second.sealed, text: first.sealed.text } }));
    await stage.restart();
    await expect(stage.backend.unlockApiKey(passphrase)).rejects.toMatchObject({ code: 'unauthorized' });
    // Whoever can write the file does not choose what a guess costs.
    writeFileSync(path, JSON.stringify({ ...second, sealed: { ...second.sealed, N: 2 ** 30 } }));
    await stage.restart();
    expect(await stage.backend.keyState()).toMatchObject({ state: 'none', reason: 'unreadable' });
  });

  test('it is chosen over the system where the user gives one', async () => {
    await open('keychain');
    expect(await stage.backend.saveApiKey(key, passphrase)).toMatchObject({ state: 'saved', reason: 'passphrase' });
    expect(electron.safeStorage.encrypted).toEqual([]);
  });

  test('a short one is refused', async () => {
    await open('basic_text');
    await expect(stage.open().gemini.saveApiKey(key, '1234567')).rejects.toThrow('at least 8 characters');
  });
});

describe('what was saved', () => {
  test.runIf(isPosix)('is for the user alone, whatever the umask is', async () => {
    await open('keychain');
    const before = process.umask(0);
    try {
      await stage.backend.saveApiKey(key);
    } finally {
      process.umask(before);
    }
    expect([stage.modeOf(), stage.modeOf('gemini-key.json')]).toEqual(['700', '600']);
    chmodSync(join(stage.home, 'config', 'fake', 'sluice', 'gemini-key.json'), 0o644);
    await stage.restart();
    expect(stage.modeOf('gemini-key.json')).toBe('600');
    expect(await stage.backend.keyState()).toHaveProperty('state', 'saved');
  });

  test.each([
    ['no JSON', 'not json'],
    ['cut off', '{"version":1,"by":"os","te'],
    ['empty', ''],
    ['of another version', '{"version":2,"by":"os","text":"AAAA"}'],
    ['of another keyring', '{"version":1,"by":"os","text":"djExAAAA"}'],
    ['huge', 'x'.repeat(100_000)],
    ['another thing', '{"__proto__":{"version":1}}'],
  ])('and cannot be read (%s) is said so, kept, and in nobody’s way', async (_, text) => {
    await open('keychain');
    const folder = join(stage.home, 'config', 'fake', 'sluice');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'gemini-key.json'), text);
    await stage.restart();
    expect(await stage.backend.keyState()).toMatchObject({ state: 'none', reason: 'unreadable' });
    expect(stage.files()['gemini-key.json']).toBe(text);
    expect(await stage.backend.saveApiKey(key)).toMatchObject({ state: 'saved' });
    const aside = Object.keys(stage.files()).find((name) => name.startsWith('gemini-key.unreadable-'));
    expect(stage.files()[aside ?? '']).toBe(text);
    await stage.restart();
    expect(await stage.backend.keyState()).toMatchObject({ state: 'saved' });
    await stage.backend.deleteApiKey();
    expect(stage.files()).toEqual({});
  });

  test('and decrypts to what is no key is as good as unreadable', async () => {
    await open('keychain');
    await stage.backend.saveApiKey(key);
    const text = electron.safeStorage.encryptString('two words\n').toString('base64');
    const path = join(stage.home, 'config', 'fake', 'sluice', 'gemini-key.json');
    writeFileSync(path, JSON.stringify({ version: 1, by: 'os', text }));
    await stage.restart();
    expect(await stage.backend.keyState()).toMatchObject({ state: 'none', reason: 'unreadable' });
  });

  test.runIf(isPosix)('a link in its place is not followed', async () => {
    await open('keychain');
    const folder = join(stage.home, 'config', 'fake', 'sluice');
    mkdirSync(folder, { recursive: true });
    symlinkSync('/dev/zero', join(folder, 'gemini-key.json'));
    await stage.restart();
    expect(await stage.backend.keyState()).toMatchObject({ state: 'none', reason: 'unreadable' });
  });

  test('is whole at every moment: where the disk refuses, what was there is there', async () => {
    await open('keychain');
    await stage.backend.saveApiKey(demoKey);
    const before = stage.files();
    const folder = join(stage.home, 'config', 'fake', 'sluice');
    vi.spyOn(electron.safeStorage, 'encryptStringAsync').mockRejectedValueOnce(new Error(`no ${key}`));
    const refused = await stage.backend.saveApiKey(key).catch((error) => error);
    expect(refused).toMatchObject({ code: 'storage_unavailable' });
    expect(refused.message).not.toContain(key);
    expect(stage.files()).toEqual(before);
    expect(await stage.backend.keyState()).toHaveProperty('state', 'saved');
    writeFileSync(join(folder, 'gemini-key.json.0123456789ab.new'), 'of a process that died');
    await stage.backend.saveApiKey(key);
    expect(Object.keys(stage.files())).toEqual(['gemini-key.json']);
  });

  test('is encrypted again where the system has a better key', async () => {
    await open('keychain');
    await stage.backend.saveApiKey(key);
    const before = stage.files();
    await stage.restart({ isStale: true });
    expect(stage.files()).not.toEqual(before);
    await stage.restart();
    expect(await stage.backend.keyState()).toHaveProperty('state', 'saved');
  });

  test('is forgotten when it is deleted, and calls stop', async () => {
    await open('keychain');
    await stage.backend.saveApiKey(demoKey);
    const { gemini, ended } = stage.open();
    expect(await gemini.deleteApiKey()).toMatchObject({ state: 'none', reason: 'nothing_saved' });
    expect(stage.files()).toEqual({});
    expect(await ended(await gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('code', 'no_usable_key');
    expect(stage.simulator.journal.requests).toEqual([]);
  });
});

describe('keys of the app', () => {
  test('serve users who have none, at their own address', async () => {
    const other = 'AIzaAnotherAnotherAnotherAnotherAnother1';
    await open('keychain', { simulator: { projects: [{ id: 'demo', keys: [demoKey, other] }] } });
    const given = { keys: other, baseUrl: stage.simulator.url };
    await stage.restart({ gemini: { given, pool: { baseUrl: 'http://127.0.0.1:9' } } });
    const { gemini, ended } = stage.open();
    expect(await gemini.keyState()).toEqual({ state: 'session', reason: 'given', encryption: 'os' });
    expect(await ended(await gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('name', 'streamEnd');
    expect(stage.simulator.journal.requests.at(-1)?.key).toBe(other);
    await stage.restart({ gemini: { given: { keys: other } } });
    const page = stage.open();
    await page.gemini.saveApiKey(demoKey);
    await page.ended(await page.gemini.startChat({ prompt: 'Hi.' }));
    expect(stage.simulator.journal.requests.at(-1)?.key).toBe(demoKey);
    expect(await page.gemini.deleteApiKey()).toMatchObject({ state: 'session', reason: 'given' });
    await page.ended(await page.gemini.startChat({ prompt: 'Hi.' }));
    expect(stage.simulator.journal.requests.at(-1)?.key).toBe(other);
  });

  test.each([undefined, ''])('that are none (%j) are none', async (keys) => {
    await open('keychain', { gemini: { given: { keys } } });
    expect(await stage.backend.keyState()).toMatchObject({ state: 'none' });
  });
});

describe('a key', () => {
  test('that the provider refuses may be saved again, and works as soon as it is good', async () => {
    await open('keychain', { gemini: { gateway: { retry: { maxAttempts: 1 } } } });
    await stage.backend.saveApiKey(demoKey);
    stage.simulator.plan('*', ['400-key-invalid', 'ok']);
    const { gemini, ended } = stage.open();
    const refused = await ended(await gemini.startChat({ prompt: 'Hi.' }));
    expect(refused).toMatchObject({ name: 'streamError', message: expect.stringMatching(/key/i) });
    expect(await ended(await gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('name', 'streamError');
    await gemini.saveApiKey(demoKey);
    expect(await ended(await gemini.startChat({ prompt: 'Hi.' }))).toHaveProperty('name', 'streamEnd');
  });

  test('never comes back: not in what a page hears, not in an error, not on the disk', async () => {
    await open('keychain', { gemini: { gateway: { retry: { maxAttempts: 1 } } } });
    const { gemini, frame, ended } = stage.open();
    const heard: unknown[] = [await gemini.saveApiKey(key, undefined)];
    stage.simulator.plan('*', ['400-key-invalid', '403-leaked', '503', 'rst-mid-stream', 'error-mid-stream']);
    for (const prompt of ['1', '2', '3', '4', '5', '6']) {
      await gemini.saveApiKey(key);
      heard.push(await ended(await gemini.startChat({ prompt })));
    }
    heard.push(
      await gemini.keyState(),
      await gemini.saveApiKey(`${key}${key}\n\n${key}`).catch((error) => error.message),
    );
    heard.push(frame.received, stage.files(), stage.backend.gateway.snapshot());
    expect(stage.simulator.journal.requests.some((one) => one.key === key)).toBe(true);
    expect(JSON.stringify(heard)).not.toContain(key.slice(4, 20));
  });

  test.each(['', 'short', 'two words and more', `${key},${key}`, `${key}\n${key}`, 'ключ'.repeat(10), 'k'.repeat(513)])(
    'that is none (%j) is refused',
    async (text) => {
      await open('keychain');
      await expect(stage.open().gemini.saveApiKey(text)).rejects.toThrow('expected an API key');
      await expect(stage.backend.saveApiKey(text)).rejects.toMatchObject({ code: 'invalid_request' });
      expect(() => stage.files()).toThrow('ENOENT');
    },
  );
});
