import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { webExchange } from '../../src/client/web.ts';
import { isSluiceError } from '../../src/errors.ts';
import type { Flow } from '../../src/wire.ts';

const url = 'http://gateway.test/v1beta/models?key=a%20b';
const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('a request becomes an exchange', () => {
  test('with its method, its target and its headers', () => {
    const request = new Request(url, { method: 'POST', headers: { 'X-A': '1', accept: '*/*' }, body: 'x' });
    const { exchange } = webExchange(request, '');
    expect(exchange).toMatchObject({
      method: 'POST',
      target: '/v1beta/models?key=a%20b',
      headers: { 'x-a': '1', accept: '*/*' },
    });
    expect(exchange.id).not.toBe(webExchange(request.clone(), '').exchange.id);
  });

  test('with headers that have no prototype', () => {
    const { exchange } = webExchange(new Request(url, { headers: { __proto__x: '1' } }), '');
    expect(exchange.headers.constructor).toBeUndefined();
    expect(exchange.headers.authorization).toBeUndefined();
  });

  test.each([
    ['http://h/gemini/v1beta/models?a=b', '/gemini', '/v1beta/models?a=b'],
    ['http://h/gemini', '/gemini', '/'],
    ['http://h/gemini?a=b', '/gemini', '/?a=b'],
    ['http://h/geminiX/v1beta/models', '/gemini', '/geminiX/v1beta/models'],
    ['http://h/other/v1beta', '/gemini', '/other/v1beta'],
    ['http://h/v1beta', '', '/v1beta'],
    ['http://h', '', '/'],
  ])('%s mounted at %j is %s', (address, mountPath, target) => {
    expect(webExchange(new Request(address), mountPath).exchange.target).toBe(target);
  });
});

describe('a body', () => {
  test('is read whole, however it comes', async () => {
    expect(await bodyOf(['abc'], 100)).toBe('abc');
    expect(await bodyOf(['a', 'b', 'c'], 100)).toBe('abc');
    expect(await bodyOf([], 100)).toBe('');
  });

  test('is none for a request that has none', async () => {
    expect((await webExchange(new Request(url), '').exchange.readBody(10)).length).toBe(0);
  });

  test('may be as large as it may be, and no larger: counted, not declared', async () => {
    expect(await bodyOf(['12345', '67890'], 10)).toBe('1234567890');
    await expect(bodyOf(['12345', '678901'], 10)).rejects.toMatchObject({ code: 'payload_too_large', status: 413 });
  });

  test('that is too large is not read to its end', async () => {
    let pulled = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(100));
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    const { exchange } = webExchange(posted(endless), '');
    await expect(exchange.readBody(1_000)).rejects.toSatisfy((error) => isSluiceError(error, 'payload_too_large'));
    expect(pulled).toBeLessThan(20);
    expect(isCancelled).toBe(true);
  });

  test('that stops coming is too late, and what has come of it is no body', async () => {
    const stalled = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytes('{"con')) });
    const { exchange } = webExchange(posted(stalled), '', null, undefined, 20);
    await expect(exchange.readBody(1_000)).rejects.toMatchObject({ code: 'request_timeout', status: 408 });
  });

  test('has no bound where 0 is said', async () => {
    expect(await bodyOf(['a'.repeat(100_000)], 0)).toHaveLength(100_000);
  });
});

describe('an answer becomes a response', () => {
  test('with status, headers and body', async () => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(flow());
    exchange.client.head(201, { 'x-a': '1', vary: ['origin', 'accept'], none: undefined });
    exchange.client.write(bytes('ab'));
    exchange.client.write(bytes('c'));
    exchange.client.end();
    const answer = await response;
    expect([answer.status, answer.headers.get('x-a'), answer.headers.get('vary'), await answer.text()]).toEqual([
      201,
      '1',
      'origin, accept',
      'abc',
    ]);
  });

  test('is there as soon as its head is', async () => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(flow());
    exchange.client.head(200, {});
    expect((await response).status).toBe(200);
  });

  test.each([204, 205, 304])('%i has no body', async (status) => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(flow());
    exchange.client.head(status, {});
    exchange.client.end();
    expect((await response).body).toBeNull();
  });

  test('that nobody reads holds the source, and lets it run again', async () => {
    const source = flow();
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(source);
    exchange.client.head(200, {});
    let hasRoom = true;
    let written = 0;
    while (hasRoom) {
      hasRoom = exchange.client.write(new Uint8Array(16_384));
      written += 16_384;
    }
    expect(written).toBeLessThanOrEqual(81_920);
    const resumed = source.resumed;
    const reader = (await response).body?.getReader();
    await reader?.read();
    await reader?.read();
    await eventually('the source runs again', () => source.resumed > resumed);
  });

  test('that cannot begin is an error', async () => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.fail(new Error('nothing came'));
    await expect(response).rejects.toThrow('nothing came');
  });
});

describe('an answer that fails in the middle', () => {
  test('fails after its last words were read, and never ends as if it were whole', async () => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(flow());
    exchange.client.head(200, {});
    exchange.client.write(bytes('one'));
    exchange.client.fail(new Error('cut'), bytes('last words'));
    const { pieces, error } = await readAll(await response);
    expect(pieces).toEqual(['one', 'last words']);
    expect(error).toMatchObject({ message: 'cut' });
  });

  test('fails after what was written before, also without last words', async () => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(flow());
    exchange.client.head(200, {});
    exchange.client.write(bytes('one'));
    exchange.client.write(bytes('two'));
    exchange.client.fail(new Error('cut'));
    const { pieces, error } = await readAll(await response);
    expect(pieces).toEqual(['one', 'two']);
    expect(error).toMatchObject({ message: 'cut' });
  });

  test('fails while somebody is waiting for more', async () => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(flow());
    exchange.client.head(200, {});
    const reading = readAll(await response);
    exchange.client.write(bytes('one'));
    await new Promise((resolve) => setImmediate(resolve));
    exchange.client.fail(new Error('cut'), bytes('last words'));
    expect(await reading).toMatchObject({ pieces: ['one', 'last words'], error: { message: 'cut' } });
  });

  test('takes nothing any more', async () => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(flow());
    exchange.client.head(200, {});
    exchange.client.fail(new Error('cut'));
    expect(exchange.client.write(bytes('late'))).toBe(true);
    exchange.client.end();
    expect((await readAll(await response)).pieces).toEqual([]);
  });
});

describe('a client that leaves', () => {
  test('by its signal ends the exchange and the response, before the head', async () => {
    const leaving = new AbortController();
    const { exchange, response } = webExchange(new Request(url, { signal: leaving.signal }), '');
    const refused = expect(response).rejects.toThrow('gone');
    leaving.abort(new Error('gone'));
    await refused;
    expect(exchange.cancellation.isCancelled).toBe(true);
  });

  test('by its signal ends the body, after the head', async () => {
    const leaving = new AbortController();
    const { exchange, response } = webExchange(new Request(url, { signal: leaving.signal }), '');
    exchange.client.open(flow());
    exchange.client.head(200, {});
    const reading = readAll(await response);
    leaving.abort(new Error('gone'));
    expect((await reading).error).not.toBeNull();
    expect(exchange.cancellation.isCancelled).toBe(true);
  });

  test('by cancelling the body ends the exchange', async () => {
    const { exchange, response } = webExchange(new Request(url), '');
    exchange.client.open(flow());
    exchange.client.head(200, {});
    await (await response).body?.cancel('enough');
    expect(exchange.cancellation.isCancelled).toBe(true);
    expect(exchange.client.write(bytes('late'))).toBe(true);
    expect(() => exchange.client.end()).not.toThrow();
  });

  test('before it has begun is gone from the start', () => {
    const { exchange } = webExchange(new Request(url, { signal: AbortSignal.abort(new Error('gone')) }), '');
    expect(exchange.cancellation.isCancelled).toBe(true);
  });

  test('after the end is nobody’s business', async () => {
    const leaving = new AbortController();
    const { exchange, response } = webExchange(new Request(url, { signal: leaving.signal }), '');
    exchange.client.open(flow());
    exchange.client.head(200, {});
    exchange.client.write(bytes('all'));
    exchange.client.end();
    expect(await (await response).text()).toBe('all');
    expect(() => leaving.abort()).not.toThrow();
  });
});

function flow(): Flow & { resumed: number } {
  return {
    resumed: 0,
    pause() {},
    resume() {
      this.resumed++;
    },
    abort() {},
  };
}

function posted(body: ReadableStream<Uint8Array>): Request {
  return new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
}

async function bodyOf(pieces: readonly string[], maxBytes: number): Promise<string> {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(bytes(piece));
      controller.close();
    },
  });
  return Buffer.from(await webExchange(posted(stream), '').exchange.readBody(maxBytes)).toString();
}

async function readAll(response: Response): Promise<{ pieces: string[]; error: unknown }> {
  const pieces: string[] = [];
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const piece = await reader?.read();
      if (piece === undefined || piece.done) return { pieces, error: null };
      pieces.push(Buffer.from(piece.value).toString());
    }
  } catch (error) {
    return { pieces, error };
  }
}
