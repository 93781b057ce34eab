/** How long a request may take as a whole: what its client says, what the options say, and in every phase. */

import { describe, expect, test } from 'vitest';
import { codeOf, lastWord, type Played, Stage, word } from './in-memory.ts';

const oneSecond = { 'x-request-timeout-ms': '1000' };
/** A little before the client's own timer. */
const endsAtMs = 950;

describe('a request ends a little before its client’s own timer would', () => {
  test.each([
    ['x-request-timeout-ms', { 'x-request-timeout-ms': '1000' }, '1 s'],
    ['x-server-timeout', { 'x-server-timeout': '1' }, '1 s'],
    ['x-server-timeout', { 'x-server-timeout': '0.5' }, '0.5 s'],
    ['x-request-timeout-ms', { 'x-server-timeout': '20', 'x-request-timeout-ms': '700.5' }, '0.7005 s'],
    ['x-server-timeout', { 'x-server-timeout': '2', 'x-request-timeout-ms': '9000' }, '2 s'],
  ])('said by %s: %j', async (by, headers, said) => {
    const stage = new Stage();
    const startMs = stage.clock.now();
    const asked = stage.ask({ headers });
    await stage.clock.advance(10_000);
    expect([asked.sink.status, codeOf(asked.sink)]).toEqual([504, 'deadline_exceeded']);
    expect(asked.sink.body.toString()).toContain(`took longer than ${by} allows (${said})`);
    expect((asked.endedAtMs as number) - startMs).toBeCloseTo(Number.parseFloat(said) * 1_000 - 50);
    expect(stage.calls.map(({ isAborted }) => isAborted)).toEqual([true]);
    stage.expectNothingLeft();
  });

  test('or at timeouts.totalMs, when that is less', async () => {
    const stage = new Stage({ timeouts: { totalMs: 600 } });
    const startMs = stage.clock.now();
    const asked = stage.ask({ headers: oneSecond });
    await stage.clock.advance(10_000);
    expect(asked.sink.body.toString()).toContain('took longer than timeouts.totalMs allows (0.6 s)');
    expect((asked.endedAtMs as number) - startMs).toBe(600);
  });

  test('in mid-stream: with last words, and then the connection breaks', async () => {
    const stage = new Stage({}, (call) => {
      call.begin();
      call.say(word('half an'));
    });
    const asked = stage.ask({ isStream: true, headers: oneSecond });
    await stage.clock.advance(endsAtMs - 1);
    expect(asked.endedAtMs).toBeNull();
    await stage.clock.advance(1);
    expect(asked.sink.told.at(-1)).toMatch(
      /^fail The request took longer than x-request-timeout-ms.*"DEADLINE_EXCEEDED"/s,
    );
    stage.expectNothingLeft();
  });

  test('while it waits for a key', async () => {
    const stage = new Stage(fullHouse);
    const first = stage.ask();
    const asked = stage.ask({ headers: oneSecond });
    await stage.clock.advance(endsAtMs - 1);
    expect([asked.endedAtMs, stage.gateway.snapshot().waiting]).toEqual([null, 1]);
    await stage.clock.advance(1);
    expect([asked.sink.status, codeOf(asked.sink)]).toEqual([504, 'deadline_exceeded']);
    expect(stage.calls).toHaveLength(1);
    stage.calls[0]?.answer();
    await first.over;
    stage.expectNothingLeft();
  });

  test('while it waits for a key under timeouts.totalMs alone', async () => {
    const stage = new Stage({ ...fullHouse, timeouts: { totalMs: 2_000 } }, (call) => {
      call.refuse(429, { 'retry-after': '5' });
    });
    await stage.ask().over;
    await stage.clock.advance(100);
    const startMs = stage.clock.now();
    const asked = stage.ask();
    await stage.clock.advance(10_000);
    expect([asked.sink.status, codeOf(asked.sink)]).toEqual([504, 'deadline_exceeded']);
    expect((asked.endedAtMs as number) - startMs).toBe(2_000);
    expect(stage.calls).toHaveLength(1);
    stage.expectNothingLeft();
  });

  test('while it waits for a key once more, after a try', async () => {
    const stage = new Stage(fullHouse);
    const startMs = stage.clock.now();
    const asked = stage.ask({ headers: { 'x-server-timeout': '5' } });
    await stage.clock.advance(0);
    stage.calls[0]?.refuse(503, { 'retry-after': '1' });
    await stage.clock.advance(100);
    const other = stage.ask();
    await stage.clock.advance(2_000);
    expect([stage.calls.length, stage.gateway.snapshot().waiting]).toEqual([2, 1]);
    await stage.clock.advance(10_000);
    expect([asked.sink.status, codeOf(asked.sink)]).toEqual([504, 'deadline_exceeded']);
    expect((asked.endedAtMs as number) - startMs).toBe(4_950);
    stage.calls[1]?.answer();
    await other.over;
    stage.expectNothingLeft();
  });

  test('while it waits for a key, where the options set no limit', async () => {
    const stage = new Stage({ ...fullHouse, timeouts: { totalMs: 0 } });
    const first = stage.ask();
    const asked = stage.ask({ headers: { 'x-server-timeout': '3' } });
    await stage.clock.advance(2_950);
    expect(codeOf(asked.sink)).toBe('deadline_exceeded');
    stage.calls[0]?.answer();
    await first.over;
    stage.expectNothingLeft();
  });

  test('where its body has come too late', async () => {
    const stage = new Stage();
    const readBody = (): Promise<Uint8Array> =>
      new Promise((resolve) => stage.clock.after(800, () => resolve(new TextEncoder().encode('{"contents":[]}'))));
    const asked = stage.ask({ headers: oneSecond, readBody });
    await stage.clock.advance(900);
    expect([asked.sink.status, codeOf(asked.sink)]).toEqual([504, 'deadline_exceeded']);
    expect(asked.sink.body.toString()).toContain(
      'Of the 1 s that x-request-timeout-ms allows the request, 150 ms are left',
    );
    expect(stage.calls).toEqual([]);
    stage.expectNothingLeft();
  });

  test('and not where it is over before', async () => {
    const stage = new Stage({}, (call) => stage.clock.after(900, () => call.answer()));
    const asked = stage.ask({ headers: oneSecond });
    await stage.clock.advance(900);
    expect(asked.sink.status).toBe(200);
    stage.expectNothingLeft();
  });
});

describe('no call is begun with less than 250 ms left', () => {
  test('nor the first one, when waiting has eaten the time', async () => {
    const stage = new Stage(fullHouse);
    stage.ask();
    const asked = stage.ask({ headers: oneSecond });
    await stage.clock.advance(720);
    stage.calls[0]?.answer();
    await stage.clock.advance(1);
    expect([asked.sink.status, codeOf(asked.sink)]).toEqual([504, 'deadline_exceeded']);
    expect(asked.sink.body.toString()).toContain('230 ms are left');
    expect(asked.sink.headers['x-sluice-attempts']).toBe('0');
    expect(stage.calls).toHaveLength(1);
    stage.expectNothingLeft();
  });

  test('nor one for a client that has no more to give', async () => {
    const stage = new Stage();
    const asked = stage.ask({ headers: { 'x-request-timeout-ms': '200' } });
    await stage.clock.advance(0);
    expect(codeOf(asked.sink)).toBe('deadline_exceeded');
    expect(stage.calls).toEqual([]);
    stage.expectNothingLeft();
  });

  test.each([
    [699, 2],
    [701, 1],
  ])('nor a failover: an answer of 429 after %i ms makes %i calls', async (afterMs, calls) => {
    const stage = new Stage({ keys: 'a=canary-1,b=canary-2' }, (call) => {
      stage.clock.after(afterMs, () => call.refuse(429));
    });
    const asked = stage.ask({ headers: oneSecond });
    await stage.clock.advance(5_000);
    expect(stage.calls).toHaveLength(calls);
    if (calls === 1) expect(asked.sink.status).toBe(429);
    stage.expectNothingLeft();
  });

  test('nor a second try: a pause that would leave too little is not begun, and the client hears of it at once', async () => {
    const stage = new Stage({}, (call) => {
      stage.clock.after(50, () => call.refuse(503, { 'retry-after': '2' }));
    });
    const asked = stage.ask({ headers: oneSecond });
    await stage.clock.advance(60);
    expect([asked.sink.status, asked.sink.headers['retry-after']]).toEqual([503, '2']);
    expect(stage.calls).toHaveLength(1);
    stage.expectNothingLeft();
  });

  test('and what follows a pause that took longer than it should is not begun either', async () => {
    const stage = new Stage({ retry: { baseDelayMs: 500 } }, (call) => call.refuse(503));
    // A busy process: every timer fires half a second late.
    const { after } = stage.clock;
    stage.clock.after = (ms, then) => after(ms + 900, then);
    const asked = stage.ask({ headers: oneSecond });
    await stage.clock.advance(5_000);
    expect([asked.sink.status, codeOf(asked.sink)]).toEqual([504, 'deadline_exceeded']);
    expect(stage.calls).toHaveLength(1);
  });
});

describe('what a client says of its time', () => {
  test.each(['0', '-5', 'abc', '', '1e3', 'Infinity', 'NaN', '0x10', '5s', '1,2'])(
    'by x-request-timeout-ms as %j is refused',
    async (value) => {
      const stage = new Stage();
      const asked = stage.ask({ headers: { 'x-request-timeout-ms': value } });
      await asked.over;
      expect([asked.sink.status, codeOf(asked.sink)]).toEqual([400, 'invalid_request']);
      expect(asked.sink.body.toString()).toContain('x-request-timeout-ms');
      expect(stage.calls).toEqual([]);
      stage.expectNothingLeft();
    },
  );

  test('twice is refused as well', async () => {
    const stage = new Stage();
    const asked = stage.ask({ headers: { 'x-request-timeout-ms': ['1000', '2000'] } });
    await asked.over;
    expect([asked.sink.status, codeOf(asked.sink)]).toEqual([400, 'invalid_request']);
  });

  test.each(['0', '-5', 'abc', '1e3', 'Infinity', 'NaN', '5s'])(
    'by x-server-timeout as %j is Google’s to refuse: it goes up as it is, and sets no limit',
    async (value) => {
      const stage = new Stage({ retry: { baseDelayMs: 0 } });
      const asked = stage.ask({ headers: { 'x-server-timeout': value } });
      await stage.clock.advance(30_000);
      stage.calls[0]?.refuse(503);
      await stage.clock.advance(30_000);
      stage.calls[1]?.answer();
      await asked.over;
      expect(stage.calls.map((call) => call.header('x-server-timeout'))).toEqual([value, value]);
      expect(asked.sink.status).toBe(200);
      stage.expectNothingLeft();
    },
  );

  test('goes up in its own bytes first, and then as what is left, in whole seconds', async () => {
    const stage = new Stage({ retry: { baseDelayMs: 0 } });
    const asked = stage.ask({ headers: { 'x-server-timeout': '9.50' } });
    await stage.clock.advance(3_000);
    stage.calls[0]?.refuse(503);
    await stage.clock.advance(5_500);
    stage.calls[1]?.refuse(503);
    await stage.clock.advance(10);
    stage.calls[2]?.answer();
    await asked.over;
    // 9.45 s, less 3 s, less 5.5 s.
    expect(stage.calls.map((call) => call.header('x-server-timeout'))).toEqual(['9.50', '7', '1']);
    expect(asked.sink.status).toBe(200);
  });

  test('of more than a day is a day, and no timer fires at once', async () => {
    const stage = new Stage({ timeouts: { totalMs: 0, headersMs: 0 } });
    const asked = stage.ask({ headers: { 'x-server-timeout': '9223372036854775807' } });
    await stage.clock.advance(86_399_000);
    expect(asked.endedAtMs).toBeNull();
    await stage.clock.advance(1_000);
    expect(codeOf(asked.sink)).toBe('deadline_exceeded');
    stage.expectNothingLeft();
  });
});

test('a deadline of the client’s poisons no breaker and no key', async () => {
  const stage = new Stage();
  for (let call = 0; call < 20; call++) {
    stage.ask({ headers: oneSecond });
    await stage.clock.advance(1_000);
  }
  const { breakers, pools } = stage.gateway.snapshot();
  expect(breakers).toEqual([]);
  expect(pools[0]?.projects[0]).toMatchObject({ state: 'ready', keys: [{ state: 'ready' }], cooling: [] });
});

test('a client that leaves before its deadline leaves no timer', async () => {
  const stage = new Stage({}, (call: Played) => {
    call.begin();
    call.say(word('half an'));
  });
  const asked = stage.ask({ isStream: true, headers: oneSecond });
  await stage.clock.advance(100);
  asked.cancellation.cancel(new Error('the client hung up'));
  await asked.over;
  stage.expectNothingLeft();
});

test('a stream that ends in time is not touched by its deadline', async () => {
  const stage = new Stage({}, (call: Played) => {
    call.begin();
    call.say(word('a'));
    call.say(lastWord);
    call.end();
  });
  const asked = stage.ask({ isStream: true, headers: oneSecond });
  await stage.clock.advance(5_000);
  expect(asked.sink.told.at(-1)).toBe('end');
  stage.expectNothingLeft();
});

/** One call at a time, and a waiting room with patience. */
const fullHouse = {
  keys: undefined,
  pools: { gemini: { projects: [{ id: 'main', keys: ['canary-1'], limits: { maxInFlight: 1 } }] } },
  queue: { maxWaitMs: 60_000 },
};
