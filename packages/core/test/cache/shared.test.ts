/** Single flight: who asks the same at the same time shares one call, and nothing else. */

import type { Upstream } from '@sluice/core';
import { undiciUpstream } from '@sluice/core/node';
import { fetchUpstream } from '@sluice/core/web';
import {
  type Driver,
  describeDrivers,
  eventually,
  type Mounted,
  type MountOptions,
  type ReadAnswer,
  read,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  alice,
  ask,
  bob,
  both,
  callers,
  calls,
  chat,
  expectNothingTold,
  how,
  listenTo,
  plain,
  post,
  sharing,
  sse,
  unary,
} from './asking.ts';

/** An event every 50 ms: there is time to join, to leave, and to be late. */
const slow = { answer: () => 'once upon a time there was' };
/** A machine that is busy with other tests is late; without the end of the call it would run on for seconds. */
const soonMs = 500;

const open = (mounted: Mounted, count: number): Promise<void> =>
  eventually(`${count} are inside`, () => mounted.gateway.snapshot().open === count);
const under = (mounted: Mounted): Promise<void> =>
  eventually('the call is under way', () => mounted.simulator.journal.running === 1);

/** The bodies of so many requests are here: from then on they know of each other. */
const here = (mounted: Mounted, count: number, body: object): Promise<void> =>
  eventually(`${count} have asked`, () => {
    return mounted.gateway.snapshot().bufferedBytes === count * JSON.stringify(body).length;
  });

/** Nothing goes up before it is opened. */
function gatedUpstream({ upstream }: Driver): { readonly upstream: Upstream; open(): void } {
  const way = upstream === 'undici' ? undiciUpstream() : fetchUpstream();
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const send: Upstream['send'] = (request, sink) => void opened.then(() => way.send(request, sink));
  return { open, upstream: { send, close: () => way.close() } };
}

/** A gateway whose provider is asked when so many have asked the gateway. */
async function mountGated(
  driver: Driver,
  mount: (options?: MountOptions) => Promise<Mounted>,
  { gateway = {}, simulator }: MountOptions,
): Promise<Mounted & { askAtOnce(asked: readonly Promise<ReadAnswer>[], body?: object): Promise<ReadAnswer[]> }> {
  const gate = gatedUpstream(driver);
  const mounted = await mount({ simulator, gateway: { ...gateway, upstream: gate.upstream } });
  return {
    ...mounted,
    async askAtOnce(asked, body = plain) {
      await here(mounted, asked.length, body);
      gate.open();
      return Promise.all(asked);
    },
  };
}

const times = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

describeDrivers('identical requests at the same time', (driver, mount) => {
  test('are one call, whose answer each is given whole', async () => {
    const mounted = await mountGated(driver, mount, sharing);
    const { ended, told } = listenTo(mounted);
    const answers = await mounted.askAtOnce(times(50).map(() => ask(mounted, sse)));
    expect(mounted.simulator.journal.requests).toHaveLength(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.text).toContain('"finishReason"');
    expect(answers.map(({ brokenBy }) => brokenBy)).toEqual(answers.map(() => null));
    expect(answers.map(how).sort()).toEqual(['200 miss 1', ...Array.from({ length: 49 }, () => '200 shared 1')]);
    expect(new Set(answers.map(({ headers }) => headers.get('x-sluice-request-id'))).size).toBe(50);
    await eventually('all are told', () => ended.length === 50);
    expect(ended.filter(({ usage }) => usage !== null)).toHaveLength(1);
    expect(ended.every(({ outcome }) => outcome === 'complete')).toBe(true);
    expectNothingTold(told, mounted);
    // What is over is over: nothing was to be kept.
    expect(how(await ask(mounted, sse))).toBe('200 miss 1');
  });

  test.each(calls)('are one call: %s', async (_, target, body) => {
    const mounted = await mountGated(driver, mount, sharing);
    const asked = times(3).map(() => ask(mounted, target, { body }));
    const answers = await mounted.askAtOnce(asked, body);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
    expect(new Set(answers.map(({ text, status }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.map(how).sort()).toEqual(['200 miss 1', '200 shared 1', '200 shared 1']);
  });

  test('are two calls where two callers ask, and where they are not quite the same', async () => {
    const mounted = await mount({ ...sharing, simulator: slow });
    mounted.simulator.plan('*', ['slow-stream']);
    const contents = [{ role: 'user', parts: [{ text: 'another' }] }];
    const answers = await Promise.all([
      ask(mounted, sse, { key: alice }),
      ask(mounted, sse, { key: bob }),
      ask(mounted, sse, { body: { contents } }),
      ask(mounted, sse, { headers: { 'cache-control': 'no-cache' } }),
      ask(mounted, sse, { headers: { 'cache-control': 'no-store' } }),
    ]);
    expect(answers.map(how)).toEqual(answers.map(() => '200 miss 1'));
    expect(mounted.simulator.journal.requests).toHaveLength(5);
  });

  test('are kept once, where answers are kept', async () => {
    const mounted = await mountGated(driver, mount, both);
    const answers = await mounted.askAtOnce(times(5).map(() => ask(mounted, sse)));
    const again = await ask(mounted, sse);
    expect([how(again), again.text === answers[0]?.text]).toEqual(['200 hit 0', true]);
    expect(mounted.gateway.snapshot().cache.entries).toBe(1);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
  });

  test('take what they count: each a request, the tokens once', async () => {
    const limits = { requestsPerMinute: 3, tokensPerMinute: 150 };
    const gateway = { ...sharing.gateway, callers: [{ id: 'alice', key: alice, limits }] };
    const mounted = await mountGated(driver, mount, { gateway });
    const body = { contents: [{ parts: [{ text: 'x' }] }], generationConfig: { maxOutputTokens: 100 } };
    const asked = times(3).map(() => ask(mounted, sse, { body }));
    const answers = await mounted.askAtOnce(asked, body);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const more = await ask(mounted, sse, { body });
    expect([more.status, more.text.includes('3 requests a minute')]).toEqual([429, true]);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
  });

  test('who comes late hears it from the start', async () => {
    const mounted = await mount({ ...sharing, simulator: slow });
    mounted.simulator.plan('*', ['slow-stream']);
    const first = await post(mounted, sse);
    const rest = read(first);
    await eventually('some of it has come', () => (mounted.simulator.journal.requests[0]?.bytesSent ?? 0) > 300);
    const late = await ask(mounted, sse);
    expect(how(late)).toBe('200 shared 1');
    expect(late.text).toBe((await rest).text);
  });

  test('who begins it may leave: the others hear it to its end', async () => {
    const mounted = await mount({ ...both, simulator: slow });
    mounted.simulator.plan('*', ['slow-stream']);
    const { ended } = listenTo(mounted);
    const leave = new AbortController();
    const leaving = await post(mounted, sse, { signal: leave.signal });
    const response = await post(mounted, sse);
    expect(how(response)).toBe('200 shared 1');
    const staying = read(response);
    leave.abort();
    await leaving.body?.cancel().catch(() => {});
    await open(mounted, 1);
    expect(mounted.simulator.journal.running).toBe(1);
    const { text, brokenBy } = await staying;
    expect([brokenBy, text.includes('"finishReason"')]).toEqual([null, true]);
    await eventually('both are told', () => ended.length === 2);
    expect(ended.map(({ outcome, usage }) => [outcome, usage === null])).toEqual([
      ['aborted', true],
      ['complete', false],
    ]);
    expect(mounted.gateway.snapshot().cache.entries).toBe(1);
  });

  test('when all have left, the call ends', async () => {
    const mounted = await mount({ ...both, simulator: slow });
    mounted.simulator.plan('*', ['stall-mid-stream']);
    const leave = new AbortController();
    const first = await post(mounted, sse, { signal: leave.signal });
    const others = await Promise.all(times(2).map(() => post(mounted, sse, { signal: leave.signal })));
    const answers = [first, ...others];
    expect(answers.map(how)).toEqual(['200 miss 1', '200 shared 1', '200 shared 1']);
    const leftAtMs = performance.now();
    leave.abort();
    for (const { body } of answers) await body?.cancel().catch(() => {});
    await eventually('the upstream call is abandoned', () => mounted.simulator.journal.running === 0);
    expect(performance.now() - leftAtMs).toBeLessThan(soonMs);
    await open(mounted, 0);
    expect(mounted.gateway.snapshot().cache.entries).toBe(0);
    // And the next one begins anew.
    mounted.simulator.plan('*', ['ok']);
    expect(how(await ask(mounted, sse))).toBe('200 miss 1');
  });

  test('before anything has come, too', async () => {
    const mounted = await mount(sharing);
    mounted.simulator.plan('*', ['no-answer']);
    const leaves = [1, 2].map(() => new AbortController());
    const answers = leaves.map(({ signal }) => ask(mounted, unary, { signal }).catch(() => null));
    await here(mounted, 2, plain);
    await under(mounted);
    leaves[0]?.abort();
    await open(mounted, 1);
    expect(mounted.simulator.journal.running).toBe(1);
    leaves[1]?.abort();
    await eventually('the upstream call is abandoned', () => mounted.simulator.journal.running === 0);
    await Promise.all(answers);
  });

  test('one whose time is over is told so, and the others are served', async () => {
    const gate = gatedUpstream(driver);
    const mounted = await mount({ gateway: { ...sharing.gateway, upstream: gate.upstream } });
    // It begins the flight, and what it has time for is nobody else's matter.
    const leaving = ask(mounted, unary, { headers: { 'x-request-timeout-ms': '400' } });
    await here(mounted, 1, plain);
    const staying = ask(mounted, unary);
    const hasty = await leaving;
    gate.open();
    const patient = await staying;
    expect(how(patient)).toBe('200 shared 1');
    expect([hasty.status, hasty.text.includes('DEADLINE_EXCEEDED')]).toEqual([504, true]);
    expect([patient.status, patient.text.includes('"finishReason"')]).toEqual([200, true]);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
    expect(mounted.simulator.journal.requests[0]?.headers).not.toHaveProperty('x-request-timeout-ms');
  });

  test('one whose time is over in the middle is cut off in its own dialect', async () => {
    const mounted = await mount({ ...sharing, simulator: { answer: () => 'word '.repeat(20) } });
    mounted.simulator.plan('*', ['slow-stream']);
    const patient = read(await post(mounted, sse));
    const hasty = await ask(mounted, sse, { headers: { 'x-request-timeout-ms': '400' } });
    expect(hasty.status).toBe(200);
    expect(hasty.brokenBy).not.toBeNull();
    expect(hasty.text).toContain('DEADLINE_EXCEEDED');
    const { text, brokenBy } = await patient;
    expect([brokenBy, text.includes('"finishReason"'), text.includes('DEADLINE')]).toEqual([null, true, false]);
  });

  test('are tried again together, once', async () => {
    const gateway = { ...sharing.gateway, retry: { baseDelayMs: 30 } };
    const mounted = await mountGated(driver, mount, { gateway });
    const { ended, told } = listenTo(mounted);
    mounted.simulator.plan('*', ['503', 'ok']);
    const answers = await mounted.askAtOnce(times(5).map(() => ask(mounted, sse)));
    expect(answers.map(how).sort()).toEqual(['200 miss 2', ...times(4).map(() => '200 shared 2')]);
    expect(mounted.simulator.journal.requests).toHaveLength(2);
    await eventually('all are told', () => ended.length === 5);
    expect(told.filter((event) => Object.hasOwn(event as object, 'isFailover'))).toHaveLength(1);
  });

  test('fail together before anything was shown, each in its own dialect', async () => {
    for (const [target, body] of [
      [unary, plain],
      [chat, { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'x' }] }],
    ] as const) {
      const gateway = { ...both.gateway, retry: { maxAttempts: 2, baseDelayMs: 30 } };
      const mounted = await mountGated(driver, mount, { gateway });
      mounted.simulator.plan('*', ['503', 'garbage']);
      const answers = await mounted.askAtOnce(
        times(3).map(() => ask(mounted, target, { body })),
        body,
      );
      expect(mounted.simulator.journal.requests).toHaveLength(2);
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
      expect(answers.map(({ status, headers }) => [status, headers.get('x-should-retry')])).toEqual(
        answers.map(() => [answers[0]?.status, 'false']),
      );
      expect(answers[0]?.status).toBeGreaterThanOrEqual(500);
      expect(JSON.parse(answers[0]?.text ?? '')).toHaveProperty('error');
      expect(mounted.gateway.snapshot().cache.entries).toBe(0);
    }
  });

  test('are shown the provider’s own refusal together', async () => {
    const mounted = await mountGated(driver, mount, both);
    const { ended } = listenTo(mounted);
    mounted.simulator.plan('*', ['400']);
    const answers = await mounted.askAtOnce(times(3).map(() => ask(mounted, unary)));
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    await eventually('all are told', () => ended.length === 3);
    expect(ended.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
  });

  test('break together in the middle: nobody takes it for whole', async () => {
    const mounted = await mountGated(driver, mount, both);
    mounted.simulator.plan('*', ['rst-mid-stream']);
    const answers = await mounted.askAtOnce(times(3).map(() => ask(mounted, sse)));
    for (const { status, brokenBy, text } of answers) {
      expect([status, brokenBy === null]).toEqual([200, false]);
      expect(text).toContain('UPSTREAM_TRUNCATED');
    }
    expect(mounted.gateway.snapshot().cache.entries).toBe(0);
  });

  test('are ended together when the gateway goes down', async () => {
    const mounted = await mountGated(driver, mount, sharing);
    mounted.simulator.plan('*', ['stall-mid-stream']);
    const answers = mounted.askAtOnce(times(2).map(() => ask(mounted, sse)));
    await under(mounted);
    const drained = mounted.gateway.drain({ withinMs: 30 });
    for (const { text, brokenBy, status } of await answers)
      expect([status === 503 || brokenBy !== null, text.includes('DRAINING')]).toEqual([true, true]);
    await drained;
    expect(mounted.simulator.journal.running).toBe(0);
  });

  test('have heartbeats of their own, which nobody keeps', async () => {
    const mounted = await mountGated(driver, mount, {
      simulator: { answer: () => 'once upon a time', chunkMs: 40 },
      gateway: { ...both.gateway, timeouts: { heartbeatMs: 5 } },
    });
    const body = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'x' }], stream: true };
    const answers = await mounted.askAtOnce(
      times(2).map(() => ask(mounted, chat, { body })),
      body,
    );
    for (const { text } of answers) expect(text).toContain(': ping\n\n');
    const kept = await ask(mounted, chat, { body });
    expect([how(kept), kept.text.includes('ping')]).toEqual(['200 hit 0', false]);
    expect(answers[0]?.text.replaceAll(': ping\n\n', '')).toBe(kept.text);
  });

  if (driver.client === 'web')
    test('are held by none that does not read, as long as the answer fits', async () => {
      const mounted = await mount({ ...sharing, simulator: { answer: () => 'word '.repeat(4_000) } });
      const idle = await post(mounted, sse);
      const brisk = await ask(mounted, sse);
      expect([how(brisk), brisk.text.includes('"finishReason"')]).toEqual(['200 shared 1', true]);
      expect((await read(idle)).text).toBe(brisk.text);
      expect(mounted.simulator.journal.requests).toHaveLength(1);
    });

  test('one that takes nothing is dropped when the answer has grown too long, and the others go on', async () => {
    const cache = { singleFlight: true, maxBytes: 2_000_000 };
    const mounted = await mount({ gateway: { callers, cache, timeouts: { slowReaderMs: 80 } } });
    const { ended } = listenTo(mounted);
    mounted.simulator.plan('*', ['endless-stream']);
    const idle = await post(mounted, sse);
    const leave = new AbortController();
    const brisk = await post(mounted, sse, { signal: leave.signal });
    const reader = brisk.body?.getReader();
    let taken = 0;
    // Past what sockets hold for the idle one, the brisk one is held by it until that is dropped.
    while (!ended.some(({ error }) => error === 'slow_reader')) taken += (await reader?.read())?.value?.length ?? 0;
    const before = taken;
    while (taken < before + 1_000_000) taken += (await reader?.read())?.value?.length ?? 0;
    expect(mounted.gateway.snapshot().bufferedBytes).toBeLessThan(2_000_000);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
    leave.abort();
    await reader?.cancel().catch(() => {});
    await idle.body?.cancel().catch(() => {});
  });
});
