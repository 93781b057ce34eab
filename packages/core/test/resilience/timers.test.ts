/** The timers of an attempt: each by itself, each off by 0, and none of them moved by the date. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TimeoutOptions } from '../../src/options.ts';
import { undiciUpstream } from '../../src/upstream/undici.ts';
import { recordingSink } from '../recording-sink.ts';
import { type Asked, codeOf, lastWord, type Played, Stage, word } from './in-memory.ts';

const off = {
  connectMs: 0,
  headersMs: 0,
  firstEventMs: 0,
  idleMs: 0,
  totalMs: 0,
  slowReaderMs: 0,
  afterTerminalMs: 0,
  heartbeatMs: 0,
} satisfies TimeoutOptions;
/** How a request ends when one of its timers does. */
interface Case {
  readonly play: (call: Played, stage: Stage) => void;
  readonly isReading?: boolean;
  readonly ending: (asked: Asked) => string;
}

const told = ({ sink }: Asked): string => sink.told.at(-1)?.split(/[ :]/)[0] ?? '';
const status = ({ sink }: Asked): string => `${sink.status} ${codeOf(sink)}`;

/** Comments and pings, for ever: bytes that mean nothing. */
function babble(call: Played, stage: Stage, everyMs: number): void {
  stage.clock.after(everyMs, () => {
    if (call.isAborted) return;
    call.say(': still here\n\n');
    call.say('event: ping\ndata: {"type":"ping"}\n\n');
    babble(call, stage, everyMs);
  });
}

const cases: Record<Exclude<keyof TimeoutOptions, 'connectMs' | 'heartbeatMs' | 'callersMs'>, Case> = {
  headersMs: { play: () => {}, ending: status },
  firstEventMs: {
    play(call, stage) {
      call.begin();
      babble(call, stage, 100);
    },
    ending: status,
  },
  idleMs: {
    play(call, stage) {
      call.begin();
      call.say(word('half an'));
      babble(call, stage, 100);
    },
    ending: (asked) => `${told(asked)} ${codeOf(asked.sink)}`,
  },
  totalMs: { play: () => {}, ending: status },
  slowReaderMs: {
    play(call) {
      call.begin();
      call.say(word('half an'));
      call.say(word(' answer'));
    },
    isReading: false,
    ending: told,
  },
  afterTerminalMs: {
    play(call) {
      call.begin();
      call.say(word('all of it'));
      call.say(lastWord);
    },
    ending: told,
  },
};
const expected: Record<keyof typeof cases, string> = {
  headersMs: '504 upstream_timeout',
  firstEventMs: '504 upstream_timeout',
  idleMs: 'fail upstream_timeout',
  totalMs: '504 deadline_exceeded',
  slowReaderMs: 'fail',
  afterTerminalMs: 'end',
};

describe.each(Object.keys(cases) as (keyof typeof cases)[])('%s', (name) => {
  const { play, isReading = true, ending } = cases[name];
  const begin = (timeouts: TimeoutOptions): { stage: Stage; asked: Asked } => {
    const stage = new Stage({ timeouts, retry: { maxAttempts: 1 } }, (call) => play(call, stage));
    const sink = recordingSink();
    sink.hasRoom = isReading;
    return { stage, asked: stage.ask({ isStream: name !== 'headersMs', sink }) };
  };

  test('ends what takes longer, and nothing before that', async () => {
    const { stage, asked } = begin({ ...off, [name]: 5_000 });
    await stage.clock.advance(4_990);
    expect(asked.endedAtMs).toBeNull();
    await stage.clock.advance(20);
    expect(ending(asked)).toBe(expected[name]);
    await stage.clock.advance(1_000);
    stage.expectNothingLeft();
  });

  test('is off by 0', async () => {
    const { stage, asked } = begin(off);
    await stage.clock.advance(100_000);
    expect(asked.endedAtMs).toBeNull();
    asked.cancellation.cancel(new Error('the client hung up'));
    await stage.clock.advance(1_000);
    stage.expectNothingLeft();
  });

  test.each([-86_400_000, 86_400_000])('does not mind a wall clock that jumps by %i ms', async (jumpMs) => {
    const { stage, asked } = begin({ ...off, [name]: 5_000 });
    await stage.clock.advance(1_000);
    stage.wallJumpMs = jumpMs;
    await stage.clock.advance(3_990);
    expect(asked.endedAtMs).toBeNull();
    await stage.clock.advance(20);
    expect(ending(asked)).toBe(expected[name]);
  });
});

describe('while the client holds the stream', () => {
  test('the provider’s silence does not count, and counts anew once it reads on', async () => {
    const stage = new Stage({ timeouts: { ...off, idleMs: 1_000 } }, cases.slowReaderMs.play as (call: Played) => void);
    const sink = recordingSink();
    sink.hasRoom = false;
    const asked = stage.ask({ isStream: true, sink });
    await stage.clock.advance(60_000);
    expect(asked.endedAtMs).toBeNull();
    sink.hasRoom = true;
    sink.flow?.resume();
    await stage.clock.advance(999);
    expect(asked.endedAtMs).toBeNull();
    await stage.clock.advance(1);
    expect(told(asked)).toBe('fail');
    stage.expectNothingLeft();
  });

  test('its own slowness ends with each time that it reads', async () => {
    const stage = new Stage({ timeouts: { ...off, slowReaderMs: 1_000 } }, (call) => {
      call.begin();
      call.say(word('half an'));
    });
    const sink = recordingSink();
    sink.hasRoom = false;
    const asked = stage.ask({ isStream: true, sink });
    for (let turn = 0; turn < 20; turn++) {
      await stage.clock.advance(900);
      sink.flow?.resume();
      stage.calls[0]?.say(word('more'));
    }
    expect(asked.endedAtMs).toBeNull();
    await stage.clock.advance(1_000);
    expect(told(asked)).toBe('fail');
  });
});

describe('what counts as life', () => {
  test.each([
    ['content', word('more')],
    ['tokens that are counted while the model thinks', 'data: {"usageMetadata":{"promptTokenCount":3}}\r\n\r\n'],
    ['a piece of a large event', 'data: {"candidates":[{"content":{"parts":[{"text":"'],
  ])('in mid-stream: %s', async (_, piece) => {
    const stage = new Stage({ timeouts: { ...off, idleMs: 1_000 } }, (call) => {
      call.begin();
      call.say(word('half an'));
    });
    const asked = stage.ask({ isStream: true });
    for (let turn = 0; turn < 5; turn++) {
      await stage.clock.advance(900);
      stage.calls[0]?.say(turn === 0 || !piece.endsWith('"') ? piece : 'more');
    }
    expect(asked.endedAtMs).toBeNull();
    await stage.clock.advance(1_000);
    expect(asked.endedAtMs).not.toBeNull();
  });

  test('before the first event: nothing but that, not even tokens', async () => {
    const stage = new Stage({ timeouts: { ...off, firstEventMs: 1_000 }, retry: { maxAttempts: 1 } }, (call) => {
      call.begin();
    });
    const asked = stage.ask({ isStream: true });
    for (let turn = 0; turn < 9; turn++) {
      await stage.clock.advance(100);
      stage.calls[0]?.say('data: {"usageMetadata":{"promptTokenCount":3}}\r\n\r\n');
    }
    expect(asked.endedAtMs).toBeNull();
    await stage.clock.advance(100);
    expect(status(asked)).toBe('504 upstream_timeout');
    stage.expectNothingLeft();
  });

  test('an error answer that drips is judged by what there is of it', async () => {
    const drip = (call: Played): void => {
      stage.clock.after(500, () => {
        call.say(' ');
        if (!call.isAborted) drip(call);
      });
    };
    const stage = new Stage({ timeouts: { ...off, idleMs: 2_000 }, retry: { maxAttempts: 1 } }, (call) => {
      call.begin(503);
      drip(call);
    });
    const asked = stage.ask();
    await stage.clock.advance(2_000);
    expect(asked.sink.status).toBe(503);
    expect(stage.calls[0]?.isAborted).toBe(true);
    await stage.clock.advance(1_000);
    stage.expectNothingLeft();
  });
});

describe('connectMs', () => {
  let server: Server | null = null;
  const sockets: Socket[] = [];
  afterEach(async () => {
    vi.useRealTimers();
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => server?.close(resolve) ?? resolve(null));
  });

  // The handshake of TLS is a part of it; against a peer that says nothing it would never end.
  test.each([
    [0, 0],
    [30_000, 1],
  ])('of %i sets %i timers', async (connectMs, timers) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const listening = createServer();
    server = listening;
    const connected = new Promise<void>((resolve) => {
      listening.on('connection', (socket) => {
        sockets.push(socket.on('error', () => {}));
        resolve();
      });
    });
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    const upstream = undiciUpstream({ connectMs });
    const sink = recordingSink();
    const request = { method: 'GET', origin: `https://127.0.0.1:${port}`, target: '/', headers: [], body: null };
    const failed = new Promise<void>((resolve) => {
      upstream.send(request, { ...sink, open: () => {}, fail: () => resolve() });
    });
    await connected;
    expect(Math.min(1, vi.getTimerCount())).toBe(timers);
    await upstream.close();
    await failed;
  });
});
