import { eventually, type ReadAnswer, read } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';
import { aBench, codeOf, keys, sharedStore } from './a-gateway.ts';

const three = [{ id: 'c' }, { id: 'a' }, { id: 'b' }];

describe('a list over the projects of a pool', () => {
  test('goes on through another gateway of the same store, and through no other', async () => {
    const { gateway, another, simulator, clock } = await aBench({ projects: three });
    for (const { id } of three) simulator.project(id).addGeneratedFile(new Uint8Array(3), 'text/plain');
    const store = sharedStore(clock);
    const [one, two] = [another({ store }), another({ store })];
    // What models have left is nobody's until somebody asks for it by name.
    for (const name of three.flatMap(({ id }) => simulator.project(id).files)) {
      expect((await get(one, `/v1beta/${name}`)).status).toBe(200);
    }
    const first = await get(one, '/v1beta/files?pageSize=1');
    const token = (JSON.parse(first.text) as { nextPageToken: string }).nextPageToken;
    expect(namesIn(first)).toEqual(simulator.project('a').files);
    expect(namesIn(await get(two, `/v1beta/files?pageSize=1&pageToken=${token}`))).toEqual(
      simulator.project('b').files,
    );
    expect(codeOf(await get(gateway, `/v1beta/files?pageToken=${token}`))).toBe('invalid_request');
  });

  test('uses another key of a project when one is refused, and lets that one rest', async () => {
    const projects = [{ id: 'main', keys: ['canary-main-1', 'canary-main-2'] }];
    const { gateway, simulator } = await aBench({ projects });
    simulator.plan('canary-main-1', ['403-leaked']);
    simulator.plan('canary-main-2', ['ok']);
    for (let time = 0; time < 3; time++) expect((await get(gateway, '/v1beta/files')).status).toBe(200);
    expect(keys(gateway)).toEqual([expect.stringContaining('main#1 disabled'), 'main#2 ready']);
    expect(simulator.journal.requests.filter(({ key }) => key === 'canary-main-1')).toHaveLength(1);
  });

  test('says when a project is back whose quota is used up', async () => {
    const { gateway, simulator } = await aBench({ projects: three });
    simulator.plan('canary-b-1', ['429']);
    const answer = await get(gateway, '/v1beta/files');
    expect([answer.status, codeOf(answer)]).toEqual([503, 'no_usable_key']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(simulator.journal.requests.filter(({ key }) => key === 'canary-b-1')).toHaveLength(1);
  });

  test('does not go to a provider that is left alone', async () => {
    const { gateway, simulator } = await aBench({ projects: three });
    gateway.breakers.isolate(new URL(simulator.url).host, 'maintenance');
    expect(codeOf(await get(gateway, '/v1beta/files'))).toBe('circuit_open');
    expect(simulator.journal.requests).toHaveLength(0);
  });

  test('is one request of its caller, however many projects there are', async () => {
    const limits = { requestsPerMinute: 2 };
    const callers = [{ id: 'alice', key: 'alice-canary-key-0001', limits }];
    const { gateway } = await aBench({ projects: three, options: { callers } });
    const headers = { 'x-goog-api-key': 'alice-canary-key-0001' };
    const statuses: number[] = [];
    for (let time = 0; time < 3; time++) statuses.push((await get(gateway, '/v1beta/files', { headers })).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('is refused where a page is larger than it may be, and not shown in part', async () => {
    const { gateway, simulator } = await aBench({ options: { limits: { maxAnswerBytes: 300 } } });
    const name = simulator.project('main').addGeneratedFile(new Uint8Array(3), 'text/plain');
    await get(gateway, `/v1beta/${name}`);
    const answer = await get(gateway, '/v1beta/files');
    expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream_protocol']);
    expect(answer.text).toContain('300');
  });

  test.each([
    ['no-content', 502],
    ['empty-200', 502],
    ['partial-206', 502],
    ['status-999', 502],
    ['garbage', 502],
    ['fin-mid-headers', 502],
    ['redirect-308', 502],
    ['not-modified', 502],
    ['big-error', 503],
    ['endless-error', 503],
    ['503-invalid-json', 503],
  ] as const)('is an error that can be read where the provider says something odd: %s', async (step, status) => {
    const { gateway, simulator } = await aBench({ projects: three });
    simulator.plan('*', [step]);
    const answer = await get(gateway, '/v1beta/files');
    expect([answer.status, answer.brokenBy]).toEqual([status, null]);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: status } });
    expect(answer.text.length).toBeLessThan(70_000);
  });

  test('follows no redirect', async () => {
    const { gateway, simulator } = await aBench();
    const headers = [['location', 'http://127.0.0.1:9/']] as const;
    simulator.plan('*', [{ status: 302, headers, chunks: [] }]);
    expect(codeOf(await get(gateway, '/v1beta/files'))).toBe('upstream_redirect');
  });

  test('takes its share of the bytes that may be held, and gives all of them back', async () => {
    const { gateway, simulator } = await aBench({ options: { server: { maxBufferedBytes: 100_000 } } });
    const files = Array.from({ length: 100 }, (_, at) => ({ name: `files/f${at}`, displayName: 'x'.repeat(2_000) }));
    const chunks = [Buffer.from(JSON.stringify({ files }))];
    simulator.plan('*', [{ status: 200, headers: [['content-type', 'application/json']], chunks }]);
    expect(codeOf(await get(gateway, '/v1beta/files'))).toBe('overloaded');
    expect(gateway.snapshot().bufferedBytes).toBe(0);
  });

  test('and what is on it are not shown on the word of a memory that stands in for a store which is only late', async () => {
    const callers = ['alice', 'bob'].map((id) => ({ id, key: `${id}-canary-key-00001` }));
    const { another, simulator, clock } = await aBench({ options: { callers } });
    const store = sharedStore(clock);
    const late = new Proxy(store, {
      get: (target, name) => (name === 'find' && isLate ? () => new Promise(() => {}) : Reflect.get(target, name)),
    });
    let isLate = false;
    const [one, two] = [another({ store }), another({ store: late })];
    const headers = { 'x-goog-api-key': 'alice-canary-key-00001', 'content-type': 'text/plain' };
    const raw = { 'x-goog-upload-protocol': 'raw', ...headers };
    expect((await get(one, '/upload/v1beta/files', { method: 'POST', headers: raw, body: 'hers' })).status).toBe(200);
    isLate = true;
    const answer = await get(two, '/v1beta/files', { headers: { 'x-goog-api-key': 'bob-canary-key-00001' } });
    expect(answer.text).not.toContain(simulator.project('main').files[0]);
    expect(codeOf(answer)).toBe('storage_unavailable');
    await clock.advance(5_000);
    const [file] = simulator.project('main').files;
    const byName = await get(two, `/v1beta/${file}`, { headers: { 'x-goog-api-key': 'bob-canary-key-00001' } });
    expect(codeOf(byName)).toBe('resource_key_unavailable');
    isLate = false;
    await clock.advance(5_000);
  });

  test('lets go of the provider when the client leaves', async () => {
    const { gateway, simulator } = await aBench({ projects: three });
    simulator.plan('*', ['stall-before-first']);
    const gone = new AbortController();
    const answer = get(gateway, '/v1beta/files', { signal: gone.signal }).catch((error: unknown) => error);
    await eventually('no call has gone up', () => simulator.journal.running === 1);
    gone.abort();
    await eventually('the call still runs', () => simulator.journal.running === 0);
    expect(await answer).toBeInstanceOf(Error);
    expect(simulator.journal.requests).toHaveLength(1);
  });

  test('ends in the time that its client gives it', async () => {
    const { gateway, simulator, clock } = await aBench({ projects: three });
    simulator.plan('*', ['stall-before-first']);
    const answer = get(gateway, '/v1beta/files', { headers: { 'x-server-timeout': '3' } });
    await eventually('no call has gone up', () => simulator.journal.running === 1);
    await clock.advance(10_000);
    expect(codeOf(await answer)).toBe('deadline_exceeded');
    await eventually('the call still runs', () => simulator.journal.running === 0);
  });

  test('carries what the client says of itself, and none of its conditions', async () => {
    const { gateway, simulator } = await aBench();
    const headers = {
      'api-revision': '2026-05-20',
      'if-none-match': '"x"',
      'accept-encoding': 'gzip',
      range: 'bytes=0-1',
    };
    await get(gateway, '/v1/agents', { headers });
    const sent = simulator.journal.requests[0]?.headers ?? {};
    expect(sent['api-revision']).toBe('2026-05-20');
    for (const name of ['if-none-match', 'range']) expect(sent[name]).toBeUndefined();
  });
});

async function get(gateway: Gateway, target: string, init?: RequestInit): Promise<ReadAnswer> {
  return read(await gateway.fetch(target, init));
}

function namesIn({ text }: ReadAnswer): string[] {
  return ((JSON.parse(text) as { files?: { name: string }[] }).files ?? []).map(({ name }) => name);
}
