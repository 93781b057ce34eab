import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { fetchUpstream } from '../../src/upstream/fetch.ts';
import type { Flow, HeaderBag, Sink, UpstreamRequest } from '../../src/wire.ts';

const origin = 'https://provider.test';
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

test('an answer comes as head, pieces and end, its head as the provider sent it', async () => {
  server.use(http.get(`${origin}/x`, () => HttpResponse.text('hello', { status: 201, headers: { 'x-one': '1' } })));
  const answer = await sent({ target: '/x?a=b' });
  expect(answer).toMatchObject({ status: 201, body: 'hello', end: 'ended' });
  expect(answer.headers['x-one']).toBe('1');
});

test('method, header fields and body go out as they are', async () => {
  let seen: unknown;
  server.use(
    http.post(`${origin}/x`, async ({ request }) => {
      seen = [request.headers.get('x-goog-api-key'), request.headers.get('x-two'), await request.text()];
      return HttpResponse.json({});
    }),
  );
  const headers = ['x-goog-api-key', 'k', 'x-two', 'a', 'x-two', 'b'];
  await sent({ target: '/x', method: 'POST', headers, body: Buffer.from('{broken') });
  expect(seen).toEqual(['k', 'a, b', '{broken']);
});

test('a redirect is told as one, and not followed', async () => {
  let follows = 0;
  server.use(
    http.get(`${origin}/x`, () => new HttpResponse(null, { status: 302, headers: { location: `${origin}/secret` } })),
    http.get(`${origin}/secret`, () => {
      follows++;
      return HttpResponse.text('secret');
    }),
  );
  expect(await sent({ target: '/x' })).toMatchObject({ status: 302, end: 'ended' });
  expect(follows).toBe(0);
});

test('what fetch has decoded is not said to be encoded', async () => {
  server.use(
    http.get(`${origin}/x`, () => {
      const body = new Blob(['plain']).stream().pipeThrough(new CompressionStream('gzip'));
      return new HttpResponse(body, { headers: { 'content-encoding': 'gzip', 'content-length': '25' } });
    }),
  );
  const { headers } = await sent({ target: '/x' });
  expect(headers['content-encoding']).toBeUndefined();
  expect(headers['content-length']).toBeUndefined();
});

test('a connection that cannot be made fails without a head', async () => {
  server.use(http.get(`${origin}/x`, () => HttpResponse.error()));
  const { status, end } = await sent({ target: '/x' });
  expect(status).toBe(0);
  expect(end).not.toBe('ended');
});

test('a source that is held gives nothing, and goes on when it may', async () => {
  const left = ['a', 'b', 'c'];
  const body = new ReadableStream({
    async pull(to) {
      // A turn of the loop between two pieces keeps them apart.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const text = left.shift();
      if (text === undefined) to.close();
      else to.enqueue(Buffer.from(text.repeat(10)));
    },
  });
  server.use(http.get(`${origin}/x`, () => new HttpResponse(body)));
  const answer = await sent({ target: '/x', holdsEachPiece: true });
  expect(answer).toMatchObject({ body: 'aaaaaaaaaabbbbbbbbbbcccccccccc', end: 'ended' });
  expect(answer.holds).toBe(3);
});

test('after an abort nothing is told any more', async () => {
  server.use(
    http.get(`${origin}/x`, () => new HttpResponse(new ReadableStream({ pull: (to) => to.enqueue(Buffer.from('x')) }))),
  );
  const told: string[] = [];
  await new Promise<void>((resolve) => {
    let flow: Flow | null = null;
    fetchUpstream().send(request({ target: '/x' }), {
      open: (given) => {
        flow = given;
      },
      head: () => told.push('head'),
      write() {
        told.push('write');
        flow?.abort(new Error('enough'));
        setTimeout(resolve, 20);
        return true;
      },
      end: () => told.push('end'),
      fail: () => told.push('fail'),
    });
  });
  expect(told).toEqual(['head', 'write']);
});

interface Asked extends Partial<UpstreamRequest> {
  readonly holdsEachPiece?: boolean;
}

interface Told {
  status: number;
  headers: HeaderBag;
  body: string;
  holds: number;
  end: string;
}

function request({ target = '/', method = 'GET', headers = [], body = null }: Asked): UpstreamRequest {
  return { method, origin, target, headers, body };
}

function sent(asked: Asked): Promise<Told> {
  return new Promise((resolve) => {
    const told: Told = { status: 0, headers: {}, body: '', holds: 0, end: '' };
    let flow: Flow | null = null;
    const sink: Sink = {
      open(given) {
        flow = given;
      },
      head(status, headers) {
        told.status = status;
        told.headers = headers;
      },
      write(chunk) {
        told.body += Buffer.from(chunk).toString();
        if (!asked.holdsEachPiece) return true;
        told.holds++;
        setImmediate(() => flow?.resume());
        return false;
      },
      end: () => resolve({ ...told, end: 'ended' }),
      fail: (error) => resolve({ ...told, end: error.message }),
    };
    fetchUpstream().send(request(asked), sink);
  });
}
