import type { GatewayOptions, ProjectOptions } from '@sluice/core';
import { describeDrivers, type Mounted, neverShed, read } from '@sluice/testkit';
import { expect, test } from 'vitest';

const model = 'gemini-2.5-flash';
const names = ['one', 'two', 'three'];
const keyOf = (id: string): string => `key-of-${id}-0001`;

describeDrivers('limits are kept before the provider has to', (_driver, mount) => {
  test('of sixty calls at once it gets as many as it grants, and refuses none', async () => {
    const simulated = names.map((id) => ({ id, keys: [keyOf(id)], quota: { requestsPerMinute: 8 } }));
    const first = await mount({ simulator: { projects: simulated } });
    await first.gateway.reload(options(first, { limits: { models: { [model]: { requestsPerMinute: 8 } } } }));
    const answers = await Promise.all(Array.from({ length: 60 }, async () => read(await first.ask('generateContent'))));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(24);
    expect(statuses.filter((status) => status === 429)).toHaveLength(36);
    for (const id of names) expect(first.simulator.project(id).used(model)).toMatchObject({ requests: 8, refused: 0 });
    const waits = answers
      .filter(({ status }) => status === 429)
      .map(({ headers }) => Number(headers.get('retry-after')));
    expect(Math.min(...waits)).toBeGreaterThan(50);
    expect(Math.max(...waits)).toBeLessThanOrEqual(61);
  });

  test('a caller over its own limit is told so, and costs nobody anything', async () => {
    const callers = [
      { id: 'alice', key: 'alice-canary-key-0001', limits: { requestsPerMinute: 2 } },
      { id: 'bob', key: 'bob-canary-key-000002' },
    ];
    const { fetch, simulator } = await mount({ gateway: { callers } });
    const ask = async (key: string) => read(await fetch(`/v1beta/models/${model}:generateContent`, call(key)));
    const alice = [
      await ask('alice-canary-key-0001'),
      await ask('alice-canary-key-0001'),
      await ask('alice-canary-key-0001'),
    ];
    expect(alice.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(JSON.parse(alice[2]?.text ?? '')).toMatchObject({ error: { details: [{ reason: 'RATE_LIMITED' }, {}] } });
    // Who is told to come again need not dial again.
    expect(alice[2]?.headers.get('connection')).not.toBe('close');
    expect((await ask('bob-canary-key-000002')).status).toBe(200);
    expect(simulator.journal.requests).toHaveLength(3);
  });
});

describeDrivers('the strategy sticky', (_driver, mount) => {
  test('keeps a conversation with one project, turn by turn, and spreads conversations', async () => {
    const mounted = await three(mount, { strategy: 'sticky' });
    const keysOf = new Map<number, Set<string | null>>();
    for (let chat = 0; chat < 12; chat++) {
      const contents: object[] = [];
      for (let turn = 0; turn < 3; turn++) {
        contents.push({ role: 'user', parts: [{ text: turn === 0 ? `I am number ${chat}.` : `Go on, ${turn}.` }] });
        const { key } = await asked(mounted, { contents });
        keysOf.set(chat, (keysOf.get(chat) ?? new Set()).add(key));
        contents.push({ role: 'model', parts: [{ text: 'So it is.' }] });
      }
    }
    for (const keys of keysOf.values()) expect(keys.size).toBe(1);
    expect(new Set([...keysOf.values()].flatMap((keys) => [...keys])).size).toBe(3);
  });

  test('goes by a header where that is wanted', async () => {
    const mounted = await three(mount, { strategy: 'sticky', stickyBy: 'header:X-Session' });
    const keys = new Map<string, Set<string | null>>();
    for (let time = 0; time < 4; time++) {
      for (const session of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
        const body = { contents: [{ parts: [{ text: `question ${time}` }] }] };
        const { key } = await asked(mounted, body, { 'x-session': session });
        keys.set(session, (keys.get(session) ?? new Set()).add(key));
      }
    }
    for (const some of keys.values()) expect(some.size).toBe(1);
    expect(new Set([...keys.values()].flatMap((some) => [...some])).size).toBeGreaterThan(1);
  });
});

type Pool = Omit<NonNullable<GatewayOptions['pools']>[string], 'projects'>;

function options({ simulator }: Mounted, project: Partial<ProjectOptions>, pool: Pool = {}): GatewayOptions {
  const projects = names.map((id) => ({ id, keys: [keyOf(id)], ...project }));
  return {
    pools: { gemini: { baseUrl: simulator.url, ...pool, projects } },
    callers: 'anyone',
    queue: { maxWaitMs: 0 },
    overload: neverShed,
  };
}

async function three(
  mount: (options: { simulator: { projects: { id: string; keys: string[] }[] } }) => Promise<Mounted>,
  pool: Pool,
): Promise<Mounted> {
  const mounted = await mount({ simulator: { projects: names.map((id) => ({ id, keys: [keyOf(id)] })) } });
  await mounted.gateway.reload(options(mounted, {}, pool));
  return mounted;
}

async function asked(
  { fetch, simulator }: Mounted,
  body: object,
  headers: Record<string, string> = {},
): Promise<{ key: string | null }> {
  const init = call('anyone', JSON.stringify(body));
  const answer = await read(
    await fetch(`/v1beta/models/${model}:generateContent`, { ...init, headers: { ...init.headers, ...headers } }),
  );
  expect(answer.status).toBe(200);
  return { key: simulator.journal.requests.at(-1)?.key ?? null };
}

function call(key: string, body = JSON.stringify({ contents: [{ parts: [{ text: 'Say something.' }] }] })) {
  return { method: 'POST', headers: { 'content-type': 'application/json', 'x-goog-api-key': key }, body };
}
