import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { copyOfRun, type Ended } from './launch.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Notes each signal; ends with code 7 a moment after the first, so that a second one would still be noted. */
const server = `
const signals = [];
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {
  signals.push(Date.now());
  if (signals.length === 1) setTimeout(() => {
    console.log(name, 'spread over', signals.at(-1) - signals[0] < 200 ? 'a moment' : 'time', 'times', signals.length);
    process.exit(7);
  }, 800);
});
setInterval(() => {}, 1000);
console.log('up', process.pid);
`;

describe('the first start', () => {
  test('installs, and the second has nothing to do', async () => {
    const copy = copyOfRun({});
    const first = await copy.launch(['--', 'node', '-e', 'console.log("ran")']).ended;
    expect(first).toMatchObject({
      code: 0,
      output: expect.stringMatching(/fetching pnpm[\s\S]*installing packages[\s\S]*ran/),
    });
    expect(copy.calls()).toEqual([
      expect.stringMatching(/^npm ci /),
      expect.stringMatching(/^pnpm install --frozen-lockfile/),
    ]);
    const second = await copy.launch(['--', 'node', '-e', 'console.log("ran")']).ended;
    expect(second).toMatchObject({ code: 0, output: 'ran\n' });
    expect(copy.calls()).toHaveLength(2);
  });

  test('with --build also builds, and a changed lock file installs again', async () => {
    const copy = copyOfRun({});
    await copy.launch(['--build', '--', 'node', '-e', '0']).ended;
    expect(copy.calls().at(-1)).toBe('pnpm run --silent build:all');
    rmSync(join(copy.root, 'pnpm-lock.yaml'));
    copyFileSync(join(copy.root, 'bin/npm'), join(copy.root, 'pnpm-lock.yaml'));
    await copy.launch(['--', 'node', '-e', '0']).ended;
    expect(copy.calls().at(-1)).toMatch(/^pnpm install/);
  });

  test('with --only installs what one package runs on; the whole serves for that as well, but not the other way', async () => {
    const copy = copyOfRun({});
    const start = (only: string[]): Promise<Ended> => copy.launch([...only, '--', 'node', '-e', '0']).ended;
    await start(['--only', '@sluice/example-proxy']);
    expect(copy.calls().at(-1)).toMatch(/^pnpm install .* --prod --filter @sluice\/example-proxy\.\.\.$/);
    await start(['--only', '@sluice/example-proxy']);
    expect(copy.calls()).toHaveLength(2);
    await start([]);
    expect(copy.calls().at(-1)).not.toContain('--filter');
    await start(['--only', '@sluice/example-proxy']);
    expect(copy.calls()).toHaveLength(3);
  });

  test('with --only takes nothing away from whoever works on the whole, after the lock file has changed too', async () => {
    const copy = copyOfRun({ 'node_modules/.modules.yaml': '' });
    const start = (only: string[]): Promise<Ended> => copy.launch([...only, '--', 'node', '-e', '0']).ended;
    await start([]);
    copyFileSync(join(copy.root, 'bin/npm'), join(copy.root, 'pnpm-lock.yaml'));
    await start(['--only', '@sluice/example-proxy']);
    expect(copy.calls()).toHaveLength(3);
    expect(copy.calls().at(-1)).not.toContain('--filter');
  });

  test('without a lock file says so in a sentence', async () => {
    const copy = copyOfRun({});
    rmSync(join(copy.root, 'pnpm-lock.yaml'));
    const { code, output } = await copy.launch(['--', 'node', '-e', '0']).ended;
    expect(code).toBe(1);
    expect(output.trim().split('\n').at(-1)).toMatch(/^sluice: pnpm-lock\.yaml is missing/);
    expect(output).not.toMatch(/^\s+at /m);
  });

  test('without a command says how it is used', async () => {
    expect(await copyOfRun({}).launch(['--build']).ended).toMatchObject({
      code: 1,
      output: expect.stringContaining('usage:'),
    });
  });

  test('shows what a failed build printed and passes its code on', async () => {
    const copy = copyOfRun({
      'tools/toolchain/node_modules/pnpm/bin/pnpm.mjs':
        'console.log("TS2304"); process.exit(process.argv[2] === "run" ? 3 : 0);',
    });
    const { code, output } = await copy.launch(['--build', '--', 'node', '-e', 'console.log("ran")']).ended;
    expect(code).toBe(3);
    expect(output).toMatch(/TS2304[\s\S]*the build failed/);
    expect(output).not.toContain('ran');
  });
});

describe('without a network', () => {
  const nowhere = (cache: string): Record<string, string> => ({
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_cache: cache,
    npm_config_store_dir: cache,
    XDG_DATA_HOME: cache,
    XDG_CACHE_HOME: cache,
    PNPM_HOME: cache,
  });
  const sentence =
    /^sluice: (fetching pnpm|installing packages) failed: the npm registry cannot be reached \(ECONNREFUSED.*network\.$/;

  test('the toolchain cannot be fetched: one sentence, exit 1', async () => {
    const copy = copyOfRun({});
    rmSync(join(copy.root, 'bin/npm')); // the real one
    rmSync(join(copy.root, 'tools/toolchain'), { recursive: true });
    mkdirSync(join(copy.root, 'tools/toolchain'));
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(join(repository, 'tools/toolchain', file), join(copy.root, 'tools/toolchain', file));
    }
    const { code, output } = await copy.launch(['--', 'node', '-e', '0'], { env: nowhere(join(copy.root, 'cache')) })
      .ended;
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toEqual([
      expect.stringContaining('fetching pnpm ...'),
      expect.stringMatching(sentence),
    ]);
  }, 30_000);

  test('the packages cannot be installed: one sentence, exit 1', async () => {
    const copy = copyOfRun({});
    await copy.launch(['--', 'node', '-e', '0']).ended; // leaves the toolchain's stamp
    rmSync(join(copy.root, 'bin/npm'));
    rmSync(join(copy.root, 'tools/toolchain/node_modules/pnpm'), { recursive: true });
    symlinkSync(
      join(repository, 'tools/toolchain/node_modules/pnpm'),
      join(copy.root, 'tools/toolchain/node_modules/pnpm'),
      'junction',
    );
    for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
      copyFileSync(join(repository, file), join(copy.root, file));
    }
    const { code, output } = await copy.launch(['--', 'node', '-e', '0'], { env: nowhere(join(copy.root, 'cache')) })
      .ended;
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toEqual([
      expect.stringContaining('installing packages ...'),
      expect.stringMatching(sentence),
    ]);
  }, 30_000);
});

describe('the command', () => {
  test.each([0, 1, 42])('ends it with its own exit code %i', async (code) => {
    expect(await copyOfRun({}).launch(['--', 'node', '-e', `process.exit(${code})`]).ended).toMatchObject({ code });
  });

  test('that a signal killed ends it with 128 + the number', async () => {
    const kill = "process.kill(process.pid, 'SIGKILL')";
    expect(await copyOfRun({}).launch(['--', 'node', '-e', kill]).ended).toMatchObject({ code: 137 });
  });

  test('that does not exist is named, with code 127', async () => {
    const ended = await copyOfRun({}).launch(['--', 'no-such-command']).ended;
    expect(ended).toMatchObject({ code: 127, output: expect.stringContaining('cannot run no-such-command') });
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'gets %s once when it was sent to run.mjs alone',
    async (name) => {
      const { child, ended, says } = copyOfRun({}).launch(['--', 'node', '-e', server]);
      await says('up');
      child.kill(name);
      expect(await ended).toMatchObject({
        code: 7,
        output: expect.stringContaining(`${name} spread over a moment times 1`),
      });
    },
  );

  test('gets a SIGINT to the whole group twice within a moment, and ends it once with its own code', async () => {
    const { child, ended, says } = copyOfRun({}).launch(['--', 'node', '-e', server]);
    await says('up');
    process.kill(-(child.pid as number), 'SIGINT');
    const { code, output } = await ended;
    expect(code).toBe(7);
    expect(output).toMatch(/SIGINT spread over a moment times [12]\n/);
  });

  // A shell stays between, as npm's does, because it has something to do afterwards.
  const shell = '"$0" "$@"; exit 9';
  test.each([
    ['the shell that started run.mjs', shell, {}],
    ['npm, with its shell still there', `sh -c '${shell}' "$0" "$@"; exit 9`, { npm_lifecycle_event: 'start' }],
  ])('is ended by one SIGTERM when somebody killed %s', async (_, outer, env) => {
    const { child, ended, says } = copyOfRun({}).launch(['--', 'node', '-e', server], { shell: outer, env });
    await says('up');
    child.kill('SIGKILL');
    // The pipes close when the last process that holds them is gone.
    const output = expect.stringContaining('SIGTERM spread over a moment times 1');
    expect(await ended).toMatchObject({ signal: 'SIGKILL', output });
  });
});

describe('Node versions', async () => {
  const { fits } = (await import(new URL('../node-version.mjs', import.meta.url).href)) as {
    fits(version: string): boolean;
  };
  test.each([
    ['18.20.8', false],
    ['20.20.2', false],
    ['22.18.0', false],
    ['22.19.0', true],
    ['22.22.1', true],
    ['23.11.0', false],
    ['24.10.0', false],
    ['24.11.0', true],
    ['24.18.1', true],
    ['25.9.0', false],
    ['26.0.0', true],
    ['28.1.0', true],
  ])('%s fits: %s', (version, expected) => {
    expect(fits(version)).toBe(expected);
  });
});
