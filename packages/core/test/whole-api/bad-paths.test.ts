/** Paths that mean something else to whoever decodes them once more: refused here, for every collection, before anything goes up. */

import { connect } from 'node:net';
import { describeDrivers, type Mounted, rawRequest, read } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { collections } from '../../src/affinity/resource-name.ts';
import { alice, threeProjects } from '../journey/two-callers.ts';

const known = [...collections, 'models', 'auth_tokens', 'openai/files', 'openai/batches', 'sketches'];
const inside = [
  'fileSearchStores/s/documents',
  'corpora/c/documents/d/chunks',
  'environments/e/files',
  'models/veo/operations',
  'tunedModels/t/permissions',
];
/** What stands where an id does. */
const badIds = [
  ...['..', '.', '%2e%2e', '%2E%2E', '.%2e', '%2e', '..%2f..', '..%5c..', 'a%2fb', 'a%2Fb', 'a%5cb'],
  ...['a%00', '%00', 'a%0d%0ab', 'a%0ab', '%7f', 'a;b', 'a%3bb', ';', 'a;v=1', 'a%23b', 'a%3fb', 'a%25b', '%252e%252e'],
  ...[
    '',
    '//',
    'a//b',
    '/a',
    'a/',
    '%',
    '%zz',
    '%c0%af',
    '%c0%ae%c0%ae',
    '%ff',
    '%ef%bc%8f',
    '%e2%80%ae',
    '%20',
    'a%20b',
  ],
  ...[
    'a|b',
    'a"b',
    'a<b',
    'a{b',
    'a^b',
    '~a',
    '@a',
    '-a',
    'a*',
    "a'b",
    'a(b)',
    'a,b',
    'a=b',
    'a&b',
    'a$b',
    'a!b',
    'a+b',
  ],
  'x'.repeat(129),
  '..;',
  'a:b:c',
  'a:b%2fc',
  'a:..',
  ':',
];
/** Those that stand for nothing at the end of a path. */
const doors = ['', '/upload', '/download'];

describeDrivers('a path that is not what it seems', ({ upstream }, mount) => {
  test('is 400 or 404 for every collection, and nothing goes up', async () => {
    const mounted = await mount(threeProjects);
    const { simulator } = mounted;
    const statuses = new Map<number, number>();
    const all = upstream === 'undici' ? [...known, ...inside] : ['files', ...inside];
    for (const collection of all) {
      for (const door of doors) {
        const paths = badIds.map((id) => `${door}/v1beta/${collection}/${id}`).filter((path) => !isPlain(path));
        const told = await askAll(mounted, [
          ...paths,
          `${door}//v1beta/${collection}/a`,
          `${door}/v1beta//${collection}/a`,
          `${door}/v1beta/../v1beta/${collection}/a`,
          `${door}/%76/../v1beta/${collection}/a`,
          `${door}/v1beta/%2e%2e/${collection}/a`,
          `/healthz/..${door}/v1beta/${collection}/a`,
        ]);
        for (const [path, status] of told) {
          expect([400, 404], `${status} for ${path}`).toContain(status);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      }
    }
    expect(simulator.journal.requests).toHaveLength(0);
    expect([...statuses.keys()].sort()).toEqual([400, 404]);
    // Nothing was passed over.
    expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(all.length * 3 * 20);
  }, 60_000);

  test('nor by any method, with a body or without', async () => {
    const mounted = await mount(threeProjects);
    const { simulator } = mounted;
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const id of ['..', '%2e%2e%2fsecret', 'a%2fb', 'a%00', 'a;b', 'a//b']) {
        const status = await ask(mounted, method, `/v1beta/files/${id}`);
        expect([400, 404, null], `${method} ${id}`).toContain(status);
      }
    }
    expect(simulator.journal.requests).toHaveLength(0);
  });

  test('one that is too long is refused, however long it is', async () => {
    const mounted = await mount(threeProjects);
    const { simulator } = mounted;
    for (const bytes of [200, 4_000, 9_000, 20_000, 200_000]) {
      for (const target of [`/v1beta/files/${'x'.repeat(bytes)}`, `/v1beta${'/files/a'.repeat(bytes / 8)}//`]) {
        const status = await ask(mounted, 'GET', target);
        expect([400, 404, 414, 431, null], `${bytes} bytes`).toContain(status);
      }
    }
    expect(simulator.journal.requests).toHaveLength(0);
  });

  test('nor is a whole address, a fragment, a backslash or a tab in its place', async () => {
    const mounted = await mount(threeProjects);
    const { simulator } = mounted;
    const targets = [
      'http://127.0.0.1:9/v1beta/files/a',
      '//127.0.0.1:9/v1beta/files/a',
      '/v1beta/files/a#b',
      '/v1beta\\files\\a',
      '/v1beta/files\\..\\a',
      '*',
      'v1beta/files/a',
      '/v1beta/files/\u00e9',
      '/v1beta/files/a\tb',
    ];
    for (const target of targets) {
      const status = await ask(mounted, 'GET', target);
      expect([400, 404, null], JSON.stringify(target)).toContain(status);
    }
    expect(simulator.journal.requests).toHaveLength(0);
  });
});

/** `models/` and the like end in a slash, which stands for the collection nowhere. */
function isPlain(path: string): boolean {
  return /^[\w./:-]*[\w-]$/.test(path) && !/\/\/|\/\.|\.\.|:.*:|x{129}|\/-/.test(path);
}

function requestOf(method: string, target: string, isLast = false): string {
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'host: gateway.test',
    `x-goog-api-key: ${alice}`,
    ...(hasBody ? ['content-type: application/json', 'content-length: 2'] : []),
    ...(isLast ? ['connection: close'] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${hasBody ? '{}' : ''}`;
}

/** In process a Request stands in between, and reads some paths as others: only those that it leaves alone are asked for. */
function staysAsItIs(target: string): boolean {
  if (!target.startsWith('/') || !URL.canParse(`http://gateway.test${target}`)) return false;
  return new URL(`http://gateway.test${target}`).pathname === target;
}

/** @returns null where it cannot be asked for by this way in */
async function ask({ origin, fetch }: Mounted, method: string, target: string): Promise<number | null> {
  if (origin !== null) return (await rawRequest(portOf(origin), requestOf(method, target, true))).status;
  if (!staysAsItIs(target)) return null;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const headers = { 'x-goog-api-key': alice, ...(hasBody ? { 'content-type': 'application/json' } : {}) };
  return (await read(await fetch(target, { method, headers, ...(hasBody ? { body: '{}' } : {}) }))).status;
}

function portOf(origin: string): number {
  return Number(new URL(origin).port);
}

/** One after the other over one connection; another one where the server has closed it. @returns each with its status */
async function askAll(mounted: Mounted, paths: readonly string[]): Promise<[path: string, status: number][]> {
  const told: [string, number][] = [];
  if (mounted.origin === null) {
    for (const path of paths.filter(staysAsItIs)) told.push([path, (await ask(mounted, 'GET', path)) as number]);
    return told;
  }
  for (let left = [...paths]; left.length > 0; left = paths.slice(told.length)) {
    const statuses = await statusesOf(portOf(mounted.origin), left);
    expect(statuses.length, `no answer to ${left[0]}`).toBeGreaterThan(0);
    told.push(...statuses.map((status, at): [string, number] => [left[at] as string, status]));
  }
  return told;
}

function statusesOf(port: number, paths: readonly string[]): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const statuses = (): number[] => [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
    socket.setTimeout(10_000, () => reject(new Error(`no end after 10 s; so far: ${statuses().join(' ')}`)));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const count = statuses().length;
      if (count === paths.length) socket.destroy();
      else if (count > asked - 1) askNext();
    });
    socket.on('close', () => resolve(statuses()));
    socket.on('error', () => {});
    let asked = 0;
    const askNext = (): void => void socket.write(requestOf('GET', paths[asked++] as string), 'latin1');
    askNext();
  });
}
