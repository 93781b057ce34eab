import { brotliCompressSync, gzipSync } from 'node:zlib';
import { eventually } from '@sluice/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { openaiChat } from '../../src/dialect/openai-chat/dialect.ts';
import { plainInspection, streamInspection } from '../../src/stream/inspect.ts';
import { Scan } from '../../src/stream/scan.ts';
import { type Ending, type HoldingSink, Watch } from '../../src/stream/watch.ts';

const talk = event({ candidates: [{ content: { parts: [{ text: 'Hé 😀' }] } }] });
const stop = event({ candidates: [{ content: { parts: [{ text: '.' }] }, finishReason: 'STOP' }] });
const stream = Buffer.from(talk + talk + stop);
const error = '{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}';
const array = Buffer.from(`[${json(talk)}\n,\r\n${json(stop)}\n]`);

describe('what comes out is what went in', () => {
  test.each([
    ['an event stream', stream],
    ['an array', array],
    ['an event stream with comments', Buffer.from(`: hi\n\n${talk}: ping\n\n${stop}`)],
    ['a stream of another API', Buffer.from(`${talk}${stop}data: [DONE]\n\n`)],
  ])('%s, for any cutting', (_, bytes) => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const watched = watch();
        feed(watched, bytes, cuts);
        watched.watch.end();
        expect(watched.bytes()).toEqual(bytes);
        expect(watched.endings).toEqual([{ is: 'complete', uncleanly: null }]);
      }),
      { numRuns: 300 },
    );
  });

  test('byte by byte, and each byte as early as it can be told to be none of an error', () => {
    const watched = watch();
    const firstKeyAt = talk.indexOf('":');
    for (const [at, byte] of Buffer.from(talk).entries()) {
      watched.watch.write(Uint8Array.of(byte));
      expect(watched.bytes().length).toBe(at < firstKeyAt ? 0 : at + 1);
    }
  });

  test('a chunk that needs no holding is passed on without a copy', () => {
    const watched = watch();
    watched.watch.write(stream);
    expect(watched.chunks[0]).toBe(stream);
  });

  test('whoever is full is heard', () => {
    const watched = watch({ hasRoom: false });
    expect(watched.watch.write(stream)).toBe(false);
  });
});

describe('something to show is told once, with the first part', () => {
  test('and not before', () => {
    const watched = watch();
    feed(watched, Buffer.from(': comment\n\ndata: {"usageMetadata":{}}\n\n'), []);
    expect(watched.meanings()).toBe(0);
    feed(watched, stream, [3, 70, 100]);
    expect(watched.meanings()).toBe(1);
  });

  test('and a client that is full at once is heard', () => {
    const watched = watch({ hasRoomOnMeaning: false });
    expect(watched.watch.write(Buffer.from(talk))).toBe(false);
    expect(watched.watch.write(Buffer.from(talk))).toBe(true);
  });
});

describe('an error in the middle never goes out', () => {
  test.each([
    ['raw', talk, error],
    ['raw and pretty', talk, JSON.stringify(JSON.parse(error), null, 2)],
    ['as an event', talk, `data: ${error}\r\n\r\n`],
    ['as an event, with an end mark behind it', talk, `data: ${error}\n\ndata: [DONE]\n\n`],
    ['as an event over several lines', talk, `data: {"error":\r\ndata: ${error.slice(9)}\r\n\r\n`],
    ['as an event that is a list', talk, `data: [${error}]\n\n`],
    ['as an element', `[${json(talk)}\n,\r\n`, `${error}\n]`],
    ['first of all', '', error],
    ['as the first element', '[', `${error}]`],
  ])('%s, for any cutting', (_, before, after) => {
    const bytes = Buffer.from(before + after);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
        const watched = watch();
        feed(watched, bytes, cuts);
        watched.watch.end();
        expect(watched.bytes().toString()).toBe(before);
        expect(watched.endings.map(({ is }) => is)).toEqual(['error']);
        expect(JSON.parse((watched.endings[0] as { text: string }).text)).toEqual(JSON.parse(error));
      }),
      { numRuns: 200 },
    );
  });

  test('is told as soon as it is whole, without waiting for the end', () => {
    const watched = watch();
    watched.watch.write(Buffer.from(talk + error));
    expect(watched.endings).toEqual([{ is: 'error', text: error }]);
  });

  test('is told as far as it came when it is cut', () => {
    const watched = watch();
    watched.watch.write(Buffer.from(talk + error.slice(0, 30)));
    watched.watch.end();
    expect(watched.endings).toEqual([{ is: 'error', text: error.slice(0, 30) }]);
    expect(watched.bytes().toString()).toBe(talk);
  });
});

test('the bracket that ends an array waits for the end of the body', () => {
  const watched = watch();
  watched.watch.write(array);
  expect(watched.bytes()).toEqual(array.subarray(0, -1));
  watched.watch.end();
  expect(watched.bytes()).toEqual(array);
});

describe('an end is judged by what was read', () => {
  test.each([
    ['nothing', '', { is: 'empty' }],
    ['events that mean nothing', 'data: {"usageMetadata":{}}\n\n', { is: 'empty' }],
    ['a page', '<html><body>Sorry…</body></html>', { is: 'unreadable' }],
    ['no finish reason', talk, { is: 'truncated', how: 'it has no finish reason' }],
    ['half an event', talk + stop.slice(0, 30), { is: 'truncated', how: 'it ends in the middle of an event' }],
    [
      'half an event after the marker',
      stop + talk.slice(0, 30),
      { is: 'truncated', how: 'it ends in the middle of an event' },
    ],
    [
      'a block without any candidate',
      event({ promptFeedback: { blockReason: 'SAFETY' } }),
      { is: 'complete', uncleanly: null },
    ],
    ['a last event without its blank line', talk + stop.trimEnd(), { is: 'complete', uncleanly: null }],
  ])('%s', (_, text, ending) => {
    const watched = watch();
    feed(watched, Buffer.from(text), []);
    watched.watch.end();
    expect(watched.endings).toEqual([ending]);
  });

  test('a body that breaks after its marker is whole, and tells how it broke', () => {
    const watched = watch();
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    watched.watch.write(stream);
    watched.watch.fail(reset);
    expect(watched.endings).toEqual([{ is: 'complete', uncleanly: reset }]);
    expect(watched.bytes()).toEqual(stream);
  });

  test('a body that breaks before its marker is cut off, and says by what', () => {
    const watched = watch();
    watched.watch.write(Buffer.from(talk));
    watched.watch.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    expect(watched.endings).toEqual([{ is: 'truncated', how: 'the connection broke (ECONNRESET)' }]);
  });

  test('nothing is told twice, and nothing is passed on afterwards', () => {
    const watched = watch();
    watched.watch.write(stream);
    watched.watch.end();
    watched.watch.end();
    watched.watch.fail(new Error('late'));
    watched.watch.write(Buffer.from(talk));
    expect(watched.endings).toHaveLength(1);
    expect(watched.bytes()).toEqual(stream);
  });
});

describe('a provider that is done but does not hang up', () => {
  test('has ended all the same', () => {
    const watched = watch();
    watched.watch.write(array);
    expect(watched.watch.endAtRest()).toBe(true);
    expect(watched.endings).toEqual([{ is: 'complete', uncleanly: null }]);
    expect(watched.bytes()).toEqual(array);
  });

  test.each([
    ['in the middle', talk],
    ['in the middle of an event', stop + talk.slice(0, 20)],
    [
      'after asking for a tool',
      event({ candidates: [{ content: { parts: [{ functionCall: {} }] }, finishReason: 'STOP' }] }),
    ],
  ])('has not ended %s', (_, text) => {
    const watched = watch();
    watched.watch.write(Buffer.from(text));
    expect(watched.watch.endAtRest()).toBe(false);
    expect(watched.endings).toEqual([]);
  });
});

describe('what is too large is not held', () => {
  test('one event', () => {
    const watched = watch({ maxEventBytes: 100 });
    watched.watch.write(Buffer.from(talk));
    expect(watched.endings).toEqual([]);
    watched.watch.write(Buffer.from(`data: {"candidates":[{"content":{"parts":[{"text":"${'a'.repeat(100)}`));
    expect(watched.endings).toEqual([
      { is: 'too-large', what: 'one event has more than limits.maxEventBytes (100) bytes' },
    ]);
  });

  test('0 means no limit', () => {
    const watched = watch({ maxEventBytes: 0 });
    watched.watch.write(Buffer.from(`data: {"candidates":[{"content":{"parts":[{"text":"${'a'.repeat(9_000)}`));
    expect(watched.endings).toEqual([]);
  });

  test('an answer that is small on the wire and larger than it may be when it is undone', async () => {
    const body = json(
      event({ candidates: [{ content: { parts: [{ text: 'a'.repeat(50_000) }] }, finishReason: 'STOP' }] }),
    );
    const watched = watch({ encoding: 'gzip', isWhole: true, maxAnswerBytes: 10_000 });
    watched.watch.write(gzipSync(body));
    watched.watch.end();
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toMatchObject([{ is: 'too-large' }]);
  });
});

describe('an answer that is held whole', () => {
  const body = Buffer.from(json(stop));
  test.each([
    ['plain', null, body],
    ['gzip', 'gzip', gzipSync(body)],
    ['brotli', 'br', brotliCompressSync(body)],
  ])('is checked at its end, and its bytes stay as they came: %s', async (_, encoding, bytes) => {
    const watched = watch({ encoding, isWhole: true });
    feed(watched, bytes, [5]);
    expect(watched.meanings()).toBe(0);
    watched.watch.end();
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toEqual([{ is: 'complete', uncleanly: null }]);
    expect(watched.bytes()).toEqual(bytes);
  });

  test.each([
    ['has no marker', json(talk), { is: 'truncated', how: 'it has no finish reason' }],
    ['is cut', json(stop).slice(0, 40), { is: 'truncated', how: 'it ends in the middle of an event' }],
    ['is empty', '', { is: 'empty' }],
    ['has nothing in it', '{}', { is: 'empty' }],
    ['is no JSON', 'Sorry…', { is: 'unreadable' }],
    ['is an error', error, { is: 'error', text: error }],
    ['is an error in a list', `[${error}\n]\n`, { is: 'error', text: error }],
  ])('is judged when it %s', async (_, text, ending) => {
    const watched = watch({ isWhole: true });
    feed(watched, Buffer.from(text), []);
    watched.watch.end();
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toEqual([ending]);
  });

  test('is truncated when its encoding is broken', async () => {
    const watched = watch({ encoding: 'gzip', isWhole: true });
    watched.watch.write(gzipSync(body).subarray(0, 30));
    watched.watch.end();
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toMatchObject([{ is: 'truncated', how: expect.stringContaining('content encoding') }]);
  });

  test('tells how the connection broke when its marker had come', async () => {
    const reset = new Error('reset');
    const watched = watch({ isWhole: true });
    watched.watch.write(body);
    watched.watch.fail(reset);
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toEqual([{ is: 'complete', uncleanly: reset }]);
  });
});

describe('a stream that is compressed', () => {
  test.each([
    ['gzip', gzipSync(stream)],
    ['br', brotliCompressSync(stream)],
  ])('passes as it came, and a copy is read: %s', async (encoding, bytes) => {
    const watched = watch({ encoding });
    feed(watched, bytes, [10, 20, 30]);
    watched.watch.end();
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toEqual([{ is: 'complete', uncleanly: null }]);
    expect(watched.bytes()).toEqual(bytes);
    expect(watched.meanings()).toBe(1);
  });

  test('that is an error is told with its text', async () => {
    const watched = watch({ encoding: 'gzip' });
    feed(watched, gzipSync(`data: ${error}\r\n\r\n`), []);
    watched.watch.end();
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toEqual([{ is: 'error', text: error }]);
  });

  test('without its marker is truncated', async () => {
    const watched = watch({ encoding: 'gzip' });
    feed(watched, gzipSync(talk), []);
    watched.watch.end();
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toEqual([{ is: 'truncated', how: 'it has no finish reason' }]);
  });

  test('that breaks after its marker is whole: what has come is read before it is judged', async () => {
    const reset = new Error('reset');
    const watched = watch({ encoding: 'gzip' });
    watched.watch.write(gzipSync(stream));
    watched.watch.fail(reset);
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toEqual([{ is: 'complete', uncleanly: reset }]);
  });

  test('whose bytes are not what they say is truncated', async () => {
    const watched = watch({ encoding: 'gzip' });
    watched.watch.write(Buffer.from('this is no gzip at all'));
    watched.watch.end();
    await eventually('an ending', () => watched.endings.length > 0);
    expect(watched.endings).toMatchObject([{ is: 'truncated' }]);
  });

  test('in an encoding that nobody knows has no inspection', () => {
    expect(streamInspection(new Scan(gemini.grammar), 'compress', () => {})).toBeNull();
    expect(streamInspection(new Scan(gemini.grammar), 'constructor', () => {})).toBeNull();
  });
});

test('an end mark of chat completions is passed on', () => {
  const chunk = `data: ${JSON.stringify({ choices: [{ delta: { content: 'a' }, finish_reason: 'stop' }] })}\n\n`;
  const watched = watch({ grammar: openaiChat.grammar });
  watched.watch.write(Buffer.from(`${chunk}data: [DONE]\n\n`));
  watched.watch.end();
  expect(watched.bytes().toString()).toBe(`${chunk}data: [DONE]\n\n`);
});

interface Watched {
  readonly watch: Watch;
  readonly chunks: Uint8Array[];
  readonly endings: Ending[];
  bytes(): Buffer;
  meanings(): number;
}

interface Wanted {
  readonly encoding?: string | null;
  readonly isWhole?: boolean;
  readonly maxEventBytes?: number;
  readonly maxAnswerBytes?: number;
  readonly hasRoom?: boolean;
  readonly hasRoomOnMeaning?: boolean;
  readonly grammar?: typeof gemini.grammar;
}

function watch(wanted: Wanted = {}): Watched {
  const { encoding = null, isWhole = false, maxEventBytes = 1_000_000, maxAnswerBytes = 1_000_000 } = wanted;
  const { hasRoom = true, hasRoomOnMeaning = true, grammar = gemini.grammar } = wanted;
  const chunks: Uint8Array[] = [];
  const endings: Ending[] = [];
  let meanings = 0;
  const next: HoldingSink = {
    open() {},
    head() {},
    write: (chunk) => {
      chunks.push(chunk);
      return hasRoom;
    },
    end: () => expect.unreachable('a watch tells its own ending'),
    fail: () => expect.unreachable('a watch tells its own ending'),
    get held() {
      return chunks;
    },
  };
  const scan = new Scan(grammar);
  const inspection =
    encoding === null ? plainInspection(scan) : streamInspection(scan, encoding, (piece) => watching.readAlong(piece));
  const watching = new Watch(next, {
    scan,
    inspection: isWhole ? null : inspection,
    encoding,
    maxEventBytes,
    maxAnswerBytes,
    onMeaning: () => {
      meanings++;
      return hasRoomOnMeaning;
    },
    onEnding: (ending) => endings.push(ending),
  });
  return { watch: watching, chunks, endings, bytes: () => Buffer.concat(chunks), meanings: () => meanings };
}

function feed({ watch: to }: Watched, bytes: Uint8Array, cuts: readonly number[]): void {
  const places = [...new Set(cuts)].filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b);
  let from = 0;
  for (const place of [...places, bytes.length]) {
    if (place > from) to.write(bytes.subarray(from, place));
    from = place;
  }
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\r\n\r\n`;
}

function json(of: string): string {
  return of.slice(6).trimEnd();
}
