/** Bytes of an upload pass as they come: no more of them than somebody takes, and never twice. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Upstream } from '@sluice/core';
import { undiciUpstream } from '@sluice/core/node';
import { fetchUpstream } from '@sluice/core/web';
import { eventually, fakeClock } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { MadeFile } from './a-file.ts';
import { describeWays, type Stage } from './a-provider.ts';

const mib = 1_048_576;

/** More than two sockets hold on their way through this machine, and far less than the file. */
const mostOnTheWay = 40 * mib;

describeWays('a body passes while it comes', ({ client, upstream }, stage) => {
  test('whole, with its own length and no other', async () => {
    const { provider, call, session, gateway } = await stage();
    const told = new Promise<{ requestBytes: number }>((resolve) => gateway.on('request', resolve));
    const file = new MadeFile({ bytes: 5 * mib + 3 });
    const answer = await call(session, file.request());
    expect([answer.status, answer.headers.get('x-goog-upload-status'), await answer.json()]).toEqual([
      200,
      'final',
      { file: { name: 'files/one' } },
    ]);
    const [arrival] = provider.arrivals;
    expect(arrival?.sha256).toBe(file.sha256);
    expect(arrival?.headers['content-length']).toBe(String(file.bytes));
    expect(arrival?.headers['transfer-encoding']).toBeUndefined();
    expect((await told).requestBytes).toBe(file.bytes);
  });

  test('and one whose length nobody has told passes in chunks', async () => {
    const { provider, call, session } = await stage();
    const file = new MadeFile({ bytes: 200_000 });
    const { headers, ...init } = file.request();
    const { 'content-length': _, ...rest } = headers as Record<string, string>;
    expect((await call(session, { ...init, headers: rest })).status).toBe(200);
    expect(provider.arrivals[0]?.sha256).toBe(file.sha256);
    expect(provider.arrivals[0]?.headers['transfer-encoding']).toBe('chunked');
  });

  test('and none: a session is finished by a command alone', async () => {
    const { provider, call, session } = await stage();
    const answer = await call(session, { method: 'POST', headers: { 'x-goog-upload-command': 'finalize' } });
    expect(answer.status).toBe(200);
    expect(provider.arrivals[0]?.headers['content-length']).toBe('0');
  });

  test('no faster than the provider reads; nothing of it is held here, and no limit of size or time is met', async () => {
    const clock = fakeClock();
    const { provider, call, session, gateway } = await stage({
      clock,
      server: { maxBodyBytes: 1_000, maxBufferedBytes: 1_000, bodyInMs: 10_000 },
      timeouts: { totalMs: 20_000, idleMs: 30_000 },
    });
    provider.plan.push({ holds: true });
    const file = new MadeFile({ bytes: 96 * mib });
    const answered = call(session, file.request());
    await eventually('the provider has the head', () => provider.arrivals.length === 1);
    let before = -1;
    while (file.made !== before) {
      before = file.made;
      await pause(50);
    }
    expect(file.made).toBeLessThan(mostOnTheWay);
    expect(gateway.snapshot().bufferedBytes).toBe(0);
    // The client is held by us: its own silence counts for nothing, and the request has no end yet.
    await clock.advance(29_000);
    provider.arrivals[0]?.goOn();
    const answer = await answered;
    expect(answer.status).toBe(200);
    expect(provider.arrivals[0]?.sha256).toBe(file.sha256);
    expect(file.made).toBe(file.bytes);
  });

  test('a client that leaves in the middle is gone upstream at once, and its session goes on', async () => {
    const { provider, call, session, gateway } = await stage();
    const file = new MadeFile({ bytes: 8 * mib, stopsAt: mib });
    const leave = new AbortController();
    const ended = new Promise<{ outcome: string }>((resolve) => gateway.on('request', resolve));
    const answered = call(session, { ...file.request(), signal: leave.signal }).catch(() => null);
    await eventually('a part of it has arrived', () => provider.arrivals[0]?.bytes === mib);
    const leftAtMs = performance.now();
    leave.abort();
    await eventually('the call is cut', () => (provider.arrivals[0]?.cutAtMs ?? null) !== null);
    // 100 ms are promised; a machine that is shared may be late by itself.
    expect((provider.arrivals[0]?.cutAtMs as number) - leftAtMs).toBeLessThan(1_000);
    expect((await ended).outcome).toBe('aborted');
    await answered;
    const again = new MadeFile({ bytes: 8 * mib });
    expect((await call(session, again.request())).status).toBe(200);
    expect(provider.arrivals[1]?.sha256).toBe(again.sha256);
  });

  test('a client that stops sending is told so when there has been room for long enough', async () => {
    const clock = fakeClock();
    const { provider, call, session } = await stage({ clock, server: { bodyInMs: 10_000 } });
    const file = new MadeFile({ bytes: 8 * mib, stopsAt: mib });
    const answered = call(session, file.request());
    await eventually('a part of it has arrived', () => provider.arrivals[0]?.bytes === mib);
    await clock.advance(9_900);
    expect(provider.arrivals[0]?.cutAtMs).toBeNull();
    await clock.advance(200);
    const answer = await answered;
    expect([answer.status, (await answer.text()).includes('server.bodyInMs')]).toEqual([408, true]);
    await eventually('the call is cut', () => (provider.arrivals[0]?.cutAtMs ?? null) !== null);
    file.goOn();
  });

  test('a provider that stops reading is given up, and its client is told who it was', async () => {
    const clock = fakeClock();
    const { provider, call, session } = await stage({ clock, timeouts: { idleMs: 30_000 } });
    provider.plan.push({ holds: true });
    const answered = call(session, new MadeFile({ bytes: 96 * mib }).request());
    await stalls({ provider });
    await pause(100);
    await clock.advance(31_000);
    const answer = await answered;
    expect([answer.status, (await answer.text()).includes('UPSTREAM_TIMEOUT')]).toEqual([504, true]);
    expect(provider.arrivals).toHaveLength(1);
  });

  test.each([
    ['40 s of it', { headersMs: 40_000, idleMs: 10_000 }],
    ['what the request as a whole has', { headersMs: 0, idleMs: 10_000, totalMs: 40_000 }],
  ])('the answer has its time from when the last byte has come: %s', async (_, timeouts) => {
    const clock = fakeClock();
    const { provider, call, session } = await stage({ clock, timeouts });
    provider.plan.push({ holds: true });
    for (const lateMs of [-1_000, 1_000]) {
      const file = new MadeFile({ bytes: 10_000, stopsAt: 0 });
      const answered = call(session, file.request());
      const before = provider.arrivals.length;
      await clock.advance(25_000);
      file.goOn();
      await eventually('the provider has the head', () => provider.arrivals.length > before);
      await pause(50);
      await clock.advance(40_000 + lateMs);
      provider.arrivals.at(-1)?.goOn();
      const answer = await answered;
      await answer.text();
      expect(answer.status).toBe(lateMs < 0 ? 200 : 504);
    }
  });

  test('what the provider says before it has read the body is passed on, and no more of it is read', async () => {
    const { provider, call, session } = await stage();
    provider.plan.push({ holds: true, status: 400 });
    const file = new MadeFile({ bytes: 96 * mib });
    const answer = await call(session, file.request());
    expect([answer.status, await answer.text()]).toEqual([400, 'Not like this.']);
    expect(answer.headers.get('x-goog-upload-status')).toBe('active');
    expect(provider.arrivals).toHaveLength(1);
  });

  test('nothing is sent twice once a byte is gone, whatever the provider says', async () => {
    const { provider, call, session } = await stage({ retry: { baseDelayMs: 1 } });
    provider.plan.push({ status: 503 }, {});
    const answer = await call(session, new MadeFile({ bytes: mib }).request());
    expect(answer.status).toBe(503);
    await answer.text();
    expect(provider.arrivals).toHaveLength(1);
  });

  test('what never reached the provider is tried again, and all of it arrives', async () => {
    // Over a network no head comes before the first bytes of a body, and then they are gone when it is read.
    const waits = client === 'web';
    const failing = failingOnce(upstream, waits);
    const { provider, call, session } = await stage({ retry: { baseDelayMs: 1 }, upstream: failing });
    const file = new MadeFile({ bytes: 3 * mib, stopsAt: waits ? 0 : 3 * mib });
    const answered = call(session, file.request());
    if (waits) expect(await failing.read).toBe('the call to the provider is over');
    file.goOn();
    const answer = await answered;
    expect([answer.status, answer.headers.get('x-sluice-attempts')]).toEqual([200, '2']);
    expect(provider.arrivals.map(({ sha256 }) => sha256)).toEqual([file.sha256]);
  });

  test('a gateway that goes down lets it finish in time, and ends it else', async () => {
    const clock = fakeClock();
    const { provider, call, session, gateway } = await stage({ clock });
    const quick = new MadeFile({ bytes: 8 * mib, stopsAt: mib });
    const slow = new MadeFile({ bytes: 8 * mib, stopsAt: mib });
    const answers = [quick, slow].map((file) => call(session, file.request()));
    await eventually('both are under way', () => provider.arrivals.filter(({ bytes }) => bytes === mib).length === 2);
    const drained = gateway.drain({ withinMs: 10_000 });
    await clock.advance(9_000);
    quick.goOn();
    expect((await (answers[0] as Promise<Response>)).status).toBe(200);
    await clock.advance(1_000);
    const late = await (answers[1] as Promise<Response>);
    expect([late.status, (await late.text()).includes('DRAINING')]).toEqual([503, true]);
    await drained;
    slow.goOn();
    await eventually('the call is cut', () => provider.arrivals.filter(({ cutAtMs }) => cutAtMs !== null).length === 1);
  });

  if (client === 'web')
    test('a body that nobody wants is let go of', async () => {
      const { call, session, gateway } = await stage();
      await gateway.pools.gemini?.disable('one#1', 'a test');
      const file = new MadeFile({ bytes: mib });
      expect((await call(session, file.request())).status).toBe(409);
      await eventually('its source is told', () => file.wasCancelled);
      expect(file.made).toBe(0);
    });

  if (client === 'web')
    test.each([
      ['longer', 2 * mib, mib],
      ['shorter', mib, 2 * mib],
    ])('a body that is %s than it said is refused, and never looks whole upstream', async (_, bytes, said) => {
      const { provider, call, session } = await stage();
      const answer = await call(session, new MadeFile({ bytes }).request({}, said));
      expect([answer.status, (await answer.text()).includes(String(said))]).toEqual([400, true]);
      await eventually('the call is cut', () => (provider.arrivals[0]?.cutAtMs ?? null) !== null);
      expect(provider.arrivals[0]?.sha256).toBeNull();
    });
});

/** Loses the provider the first time that it is to bring bytes, while it waits for them. @returns what its reading came to */
function failingOnce(upstream: 'undici' | 'fetch', reads: boolean): Upstream & { readonly read: Promise<string> } {
  const real = upstream === 'undici' ? undiciUpstream() : fetchUpstream();
  let hasFailed = false;
  let tell: (how: string) => void;
  return {
    read: new Promise((resolve) => (tell = resolve)),
    send(request, sink) {
      const { body } = request;
      if (hasFailed || body === null || body instanceof Uint8Array) return real.send(request, sink);
      hasFailed = true;
      sink.open({ pause() {}, resume() {}, abort() {} });
      const read = reads ? body[Symbol.asyncIterator]().next() : Promise.resolve();
      read.then(
        () => tell('it has come'),
        ({ message }: Error) => tell(message),
      );
      queueMicrotask(() => sink.fail(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })));
    },
    close: () => real.close(),
  };
}

async function stalls({ provider }: Pick<Stage, 'provider'>): Promise<void> {
  await eventually('the provider has the head', () => provider.arrivals.length === 1);
}
