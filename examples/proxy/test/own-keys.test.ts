/** A caller key in the place of a Gemini key: pasted from the banner, or written into the file. */

import { afterEach, describe, expect, test } from 'vitest';
import { withoutOwnKeys } from '../src/own-keys.ts';
import { callerKey, newFolder, type ProxyProcess, refusedStart, rewriteConfig, startProxy } from './running-proxy.ts';

let proxy: ProxyProcess | undefined;
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
});

const ignored = 'GEMINI_API_KEY holds a caller key of this proxy: ignored';
const geminiKey = 'AIzaOwnKeysCanary000000000000000000000';

describe('in the environment it is not used', () => {
  test('the exports of the banner, pasted into the shell of the next start, leave it a demo that says why', async () => {
    const folder = newFolder();
    proxy = await startProxy({ folder });
    const [, key = ''] = /^export GEMINI_API_KEY=(\S+)$/m.exec(proxy.stderr) ?? [];
    expect(key).toMatch(/^sluice-/);
    const exports = { GOOGLE_GEMINI_BASE_URL: proxy.url, GEMINI_API_KEY: key };
    await proxy.stop();
    proxy = await startProxy({ folder, env: exports });
    expect(proxy.stderr).toContain(` ${ignored}.\n`);
    expect(proxy.stderr).toContain('No Gemini key is set: a simulator answers, not Gemini.');
    expect(await proxy.line(({ warning }) => warning === ignored)).toMatchObject({ level: 'warn', msg: 'options' });
    expect(proxy.stdout).not.toContain(key);
    const headers = { 'x-goog-api-key': key };
    expect((await fetch(`${proxy.url}/v1beta/models/gemini-2.5-flash`, { headers })).status).toBe(200);
  });

  test('a key of SLUICE_API_KEYS, or of the callers of the file', async () => {
    for (const options of [
      { env: { SLUICE_API_KEYS: `alice=${callerKey}`, GEMINI_API_KEY: callerKey } },
      { env: { GEMINI_API_KEY: callerKey }, config: { callers: [{ id: 'alice', key: callerKey }] } },
    ]) {
      proxy = await startProxy(options);
      expect(proxy.stderr).toContain(` ${ignored}.\n`);
      expect(proxy.stderr).toContain('No Gemini key is set');
      expect(proxy.stderr + proxy.stdout).not.toContain(callerKey);
      await proxy.stop();
    }
  });

  test('an origin without any other key is refused, and the reason stands beside it', async () => {
    const env = { SLUICE_API_KEYS: callerKey, GEMINI_API_KEY: callerKey, GEMINI_BASE_URL: 'http://127.0.0.1:1' };
    const { code, stderr } = await refusedStart({ env });
    expect(code).toBe(1);
    expect(stderr).toContain('GEMINI_BASE_URL is set but no key is');
    expect(stderr).toContain(`${ignored}.`);
    expect(stderr).not.toContain(callerKey);
  });

  test('the other keys stay, in the projects that they were given with', () => {
    const own = new Set(['own']);
    const { variables, warnings } = withoutOwnKeys({ GEMINI_API_KEYS: 'a=k1, b=own\nown,k2==', PORT: '1' }, own);
    expect(variables).toEqual({ GEMINI_API_KEYS: 'a=k1,k2==', PORT: '1' });
    expect(warnings).toEqual(['GEMINI_API_KEYS holds a caller key of this proxy: ignored']);
  });

  test('where nothing is left of GEMINI_API_KEYS, GEMINI_API_KEY counts; where something is, it is not looked at', () => {
    const own = new Set(['own']);
    const nothingLeft = withoutOwnKeys({ GEMINI_API_KEYS: 'own', GEMINI_API_KEY: 'k' }, own);
    expect(nothingLeft.variables).toEqual({ GEMINI_API_KEYS: '', GEMINI_API_KEY: 'k' });
    const clients = withoutOwnKeys({ GEMINI_API_KEYS: 'k', GEMINI_API_KEY: 'own' }, own);
    expect(clients).toEqual({ variables: { GEMINI_API_KEYS: 'k', GEMINI_API_KEY: 'own' }, warnings: [] });
  });
});

describe('in the file it is a fault', () => {
  const callers = [{ id: 'alice', key: callerKey }];
  const pools = {
    gemini: {
      projects: [
        { id: 'main', keys: [geminiKey] },
        { id: 'other', keys: ['k', callerKey] },
      ],
    },
  };

  test('in either form of keys, named by its place', async () => {
    for (const [place, config] of [
      ['Key 2 of project 2', { callers, pools }],
      ['Key 1 of project 1', { callers: `alice=${callerKey}`, keys: callerKey }],
    ] as const) {
      const { code, stderr } = await refusedStart({ config });
      expect(code).toBe(1);
      expect(stderr).toBe(`sluice: ${place} is a caller key of this proxy too: a key from Google belongs there.\n`);
    }
  });

  test('while it runs as well: the old settings stay', async () => {
    const keys = [geminiKey];
    proxy = await startProxy({ config: { callers, pools: { gemini: { projects: [{ id: 'main', keys }] } } } });
    rewriteConfig(proxy, { callers, pools });
    const { faults } = await proxy.line(({ msg }) => msg === 'configuration refused, the old one stays');
    expect(faults).toEqual([expect.stringContaining('Key 2 of project 2 is a caller key of this proxy too')]);
    expect(proxy.stdout).not.toContain(callerKey);
  });
});
