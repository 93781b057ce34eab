/** Starting: what is needed, what is made, what is said, and what is refused in words and not in stacks. */

import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import {
  callerKey,
  newFolder,
  type ProxyOptions,
  type ProxyProcess,
  refusedStart,
  startProxy,
} from './running-proxy.ts';

const run = promisify(execFile);
const named = { SLUICE_API_KEYS: callerKey };
let proxy: ProxyProcess | undefined;
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
});

/** Pastes a line of the banner into a shell. */
async function pasted(line: string, env: Record<string, string> = {}): Promise<string> {
  const { PATH = '' } = process.env;
  return (await run('sh', ['-c', line], { env: { PATH, ...env } })).stdout;
}

function bannerLine(stderr: string, start: string): string {
  return stderr.split('\n').find((line) => line.startsWith(start)) ?? '';
}

describe('without anything', () => {
  test('it is a demo, it says so, and the printed curl line streams an answer that says so too', async () => {
    proxy = await startProxy();
    expect(proxy.stderr).toContain('No Gemini key is set: a simulator answers, not Gemini.');
    expect(proxy.stderr).toContain('is gone when this process ends.');
    const answer = await pasted(bannerLine(proxy.stderr, 'curl'));
    expect(answer.match(/^data: /gm)?.length).toBeGreaterThan(5);
    const words = [...answer.matchAll(/"text": ?"([^"]*)"/g)].map(([, text]) => text).join('');
    expect(words).toMatch(/simulator/);
    expect(answer).toContain('"STOP"');
  });

  test('a caller key is made, kept for its owner alone, printed, and the same the next time', async () => {
    const folder = newFolder();
    proxy = await startProxy({ folder });
    const path = join(folder, '.sluice', 'caller-key');
    const key = readFileSync(path, 'utf8').trim();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, '.sluice')).mode & 0o777).toBe(0o700);
    expect(proxy.stderr).toContain(`export GEMINI_API_KEY=${key}\n`);
    expect(proxy.stderr).toContain('kept in .sluice/caller-key\n');
    expect(proxy.stdout).not.toContain(key);
    await proxy.stop();
    proxy = await startProxy({ folder });
    expect(proxy.stderr).toContain(key);
  });

  test('the banner is all on stderr, and stdout is JSON lines alone', async () => {
    proxy = await startProxy();
    await proxy.line((line) => line.msg === 'listening');
    expect(proxy.stderr).toContain(`export GOOGLE_GEMINI_BASE_URL=${proxy.url}\n`);
    expect(proxy.stderr).not.toContain('\x1b');
    expect(proxy.stderr).not.toContain('{"level"');
  });
});

describe('with callers', () => {
  test('a named key is not printed: the line holds the variable, and works where that is set', async () => {
    proxy = await startProxy({ env: named });
    expect(proxy.stderr).not.toContain(callerKey);
    const line = bannerLine(proxy.stderr, 'curl');
    expect(line).toContain('$SLUICE_API_KEYS');
    expect(await pasted(line, named)).toContain('"STOP"');
  });

  test('SLUICE_API_KEY holds a caller key as SLUICE_API_KEYS does, and is the variable that is named', async () => {
    const single = { SLUICE_API_KEY: callerKey };
    proxy = await startProxy({ env: single });
    expect(proxy.stderr).toContain('Paste these in a shell where SLUICE_API_KEY is set');
    const line = bannerLine(proxy.stderr, 'curl');
    expect(line).toContain('"x-goog-api-key: $SLUICE_API_KEY"');
    expect(await pasted(line, single)).toContain('"STOP"');
    expect(await (await fetch(proxy.url)).text()).toContain('in <code>SLUICE_API_KEY</code>');
  });

  test('several keys: the line holds a variable of its own, and a hint says what to put there', async () => {
    proxy = await startProxy({ env: { SLUICE_API_KEYS: `alice=${callerKey},bob=${callerKey}2` } });
    expect(proxy.stderr).toContain('First put one of the caller keys into SLUICE_KEY');
    expect(await pasted(bannerLine(proxy.stderr, 'curl'), { SLUICE_KEY: `${callerKey}2` })).toContain('"STOP"');
  });

  test('no data folder is needed when nothing has to be kept', async () => {
    proxy = await startProxy({ env: { ...named, SLUICE_STORE: 'memory:', SLUICE_DATA_DIR: '/proc/sluice' } });
    expect(await proxy.line(({ msg }) => msg === 'no socket for `keys`')).toMatchObject({ level: 'warn' });
    expect((await fetch(`${proxy.url}/readyz`)).status).toBe(200);
  });

  test("'anyone' is let in on loopback, when the file says so", async () => {
    proxy = await startProxy({ config: { callers: 'anyone' } });
    const line = bannerLine(proxy.stderr, 'curl');
    expect(line).not.toContain('x-goog-api-key');
    expect(await pasted(line)).toContain('"STOP"');
  });
});

describe('the configuration file', () => {
  test('is read from the folder, or from where SLUICE_CONFIG says; the environment wins', async () => {
    const folder = newFolder();
    writeFileSync(
      join(folder, 'other.jsonc'),
      `{ // comments are fine\n "callers": [{ "id": "a", "key": "${callerKey}" }], "server": { "port": 1 } }`,
    );
    proxy = await startProxy({ folder, env: { SLUICE_CONFIG: 'other.jsonc' }, config: '{ not read' });
    expect(proxy.port).toBeGreaterThan(1);
  });

  test('as the README shows it asks for keys of your own in words, and starts with them', async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const [, shown = ''] = /```jsonc\n(.*?)```/s.exec(readme) ?? [];
    const { code, stderr } = await refusedStart({ config: shown });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sluice: the key of caller "alice" is a well-known example value; .*openssl rand.*\n$/);
    const config = shown.replace(/YOUR_KEY\w*-hex_24/, callerKey);
    proxy = await startProxy({ env: { HOST: '127.0.0.1' }, config });
    expect((await fetch(`${proxy.url}/readyz`)).status).toBe(200);
  });

  const refusals: [string, ProxyOptions, RegExp[]][] = [
    [
      'a file that was named and is not there',
      { env: { SLUICE_CONFIG: 'missing.json' } },
      [/^sluice: The configuration file missing\.json does not exist\.\n$/],
    ],
    ['JSON that is none, with line and column', { config: '{\n  "server": {,}\n}' }, [/sluice\.config\.json:2:14: /]],
    ['a file that holds no object', { config: '[]' }, [/^sluice: sluice\.config\.json must hold an object\.\n$/]],
    [
      'every fault at once, with path, expectation and value, and the nearest name',
      {
        env: named,
        config: {
          servr: {},
          server: { bodyInMs: 'x', drainMs: -5 },
          retry: { maxAttempts: 0 },
          log: { requests: 'some' },
        },
      },
      [
        /servr.*server/,
        /server\.bodyInMs.*"x"/,
        /server\.drainMs.*-5/,
        /retry\.maxAttempts.*0/,
        /log\.requests.*"some"/,
      ],
    ],
    [
      'faults of the file and of the environment together',
      { env: { PORT: '80a', GEMINI_BASE_URL: 'x' }, config: { cache: 1 } },
      [/server\.port.*"80a".*\(from PORT\)/, /GEMINI_BASE_URL/, /cache/],
    ],
    [
      'trusted proxies that are no addresses',
      { env: named, config: { server: { trustedProxies: ['10.0.0.0/8', 'nobody'] } } },
      [/server\.trustedProxies.*1.*"nobody"/],
    ],
  ];
  for (const [what, options, patterns] of refusals) {
    test(`is refused: ${what}`, async () => {
      const { code, stdout, stderr } = await refusedStart(options);
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).not.toMatch(/\n\s+at /);
      for (const pattern of patterns) expect(stderr).toMatch(pattern);
    });
  }
});

describe('what is refused in one sentence', () => {
  const short = 'short';
  const refusals: [string, ProxyOptions, RegExp][] = [
    [
      'no callers where others can reach it',
      { env: { HOST: '0.0.0.0' } },
      /^sluice: On 0\.0\.0\.0 others can reach the proxy, so callers need keys: set SLUICE_API_KEYS .*\n$/,
    ],
    [
      "'anyone' where others can reach it",
      { env: { HOST: '::' }, config: { callers: 'anyone' } },
      /^sluice: callers: 'anyone' is for 127\.0\.0\.1 alone.*\n$/,
    ],
    [
      "'anyone' as a key",
      { env: { SLUICE_API_KEYS: 'anyone' } },
      /^sluice: SLUICE_API_KEYS holds keys; callers: 'anyone' can only be said in the configuration file\.\n$/,
    ],
    [
      'a caller key that is too short',
      { env: { SLUICE_API_KEYS: `bob=${short}` } },
      /^sluice: .*"bob" has 5 characters, at least 16 .*\n$/,
    ],
    [
      'a caller key that is too short, by the variable that it stands in',
      { env: { SLUICE_API_KEY: `bob=${short}` } },
      /^sluice: .*"bob" has 5 characters, at least 16 .* \(from SLUICE_API_KEY\)\n$/,
    ],
    [
      'a caller key that is a well-known example',
      { env: { SLUICE_API_KEYS: 'your-api-key-here' } },
      /^sluice: .*example.*\n$/,
    ],
    [
      'a base URL without keys',
      { env: { ...named, GEMINI_BASE_URL: 'http://127.0.0.1:1' } },
      /^sluice: GEMINI_BASE_URL is set but no key is: .*\n$/,
    ],
    [
      'a store that nobody knows',
      { env: { ...named, SLUICE_STORE: 'postgres://user:canary@host' } },
      /^sluice: SLUICE_STORE names the store "postgres:"; known are memory:, sqlite:PATH, redis:.*\n$/,
    ],
    [
      'a store without a name, from the file',
      { env: named, config: { store: { url: 'canary' } } },
      /^sluice: store\.url names no store; known are memory:.*\n$/,
    ],
    [
      'a Redis without a host',
      { env: { ...named, SLUICE_STORE: 'redis://user:canary@' } },
      /^sluice: SLUICE_STORE names no hosts as redis:\/\/HOST:PORT does\.\n$/,
    ],
    [
      'a state file in a folder that is not there',
      { env: { ...named, SLUICE_STORE: 'sqlite:missing/state.db' } },
      /^sluice: sqlite \S+missing\/state\.db cannot be made: .*does not exist\..* SLUICE_STORE=memory: starts without it.*\n$/,
    ],
    [
      'a state file that is something else',
      { env: { ...named, SLUICE_STORE: 'sqlite:sluice.config.json' }, config: { log: { level: 'info' }, routes: {} } },
      /^sluice: sqlite \S+sluice\.config\.json is damaged, or no SQLite database\..* SLUICE_STORE=memory: .*\n$/,
    ],
    [
      'a state file that is a folder',
      { env: { ...named, SLUICE_STORE: 'sqlite:.' } },
      /^sluice: sqlite \S+ is a folder\..* SLUICE_STORE=memory: .*\n$/,
    ],
    [
      'a Node without SQLite',
      { env: { ...named, NODE_OPTIONS: '--no-experimental-sqlite' } },
      /^sluice: Node \S+ was built or started without node:sqlite\. SLUICE_STORE=memory: .*\n$/,
    ],
    [
      'a data folder that is a file',
      { env: { SLUICE_DATA_DIR: 'sluice.config.json' }, config: {} },
      /^sluice: The data folder sluice\.config\.json cannot be written to \(\w+\)\..*\n$/,
    ],
    [
      'a data folder that cannot be made',
      { env: { SLUICE_DATA_DIR: '/proc/sluice', SLUICE_STORE: 'memory:' } },
      /^sluice: The data folder \/proc\/sluice cannot be written to \(\w+\)\..*\n$/,
    ],
    [
      'an address that is not ours',
      { env: { ...named, HOST: '192.0.2.1' } },
      /^sluice: This machine has no address 192\.0\.2\.1\..*\n$/,
    ],
  ];
  for (const [what, options, pattern] of refusals) {
    test(what, async () => {
      const { code, stdout, stderr } = await refusedStart(options);
      expect(stderr).toMatch(pattern);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).not.toContain('canary');
    });
  }

  test('a key that is refused is not printed', async () => {
    const { stderr } = await refusedStart({ env: { SLUICE_API_KEYS: 'canary-key' } });
    expect(stderr).not.toContain('canary');
  });

  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = other.address() as { port: number };
      const { code, stdout, stderr } = await refusedStart({ env: { ...named, PORT: String(port) } });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(
        `sluice: Port ${port} on 127.0.0.1 is in use. Set PORT to another one, or stop what listens there.\n`,
      );
      // What was odd before that is in the log all the same.
      const GEMINI_API_KEYS = `canary-0123456789,${callerKey}`;
      const odd = await refusedStart({ env: { ...named, GEMINI_API_KEYS, PORT: String(port) } });
      expect(JSON.parse(odd.stdout)).toMatchObject({ level: 'warn', msg: 'options' });
    } finally {
      other.close();
    }
  });
});
