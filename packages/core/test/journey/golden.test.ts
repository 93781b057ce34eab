import { createGateway, type Exchange, type HeaderBag, type Sink, type Upstream } from '@sluice/core';
import { describeDrivers, type GoldenExchange, goldenDir, goldenExchanges, neverShed, read } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';

const exchanges = [...goldenExchanges()].filter(({ isWhole }) => isWhole);
const generations = exchanges.filter(({ status, target }) => status === 200 && /enerateContent/.test(target));

/** Up to here a body is cut at each of its bytes by a connection of its own piece; larger ones into a hundred pieces. */
const smallBytes = 12_000;

test.runIf(goldenDir === null)('skipped: no golden data', () => {
  expect(goldenDir).toBeNull();
});

describe.skipIf(goldenDir === null)('recorded answers', () => {
  test('there are as many as there should be', () => {
    expect(exchanges.length).toBeGreaterThanOrEqual(95);
    expect(generations.length).toBeGreaterThanOrEqual(75);
  });

  describeDrivers('every recorded answer passes byte for byte', (_driver, mount) => {
    test.each([
      ['whole', (body: Uint8Array) => [body]],
      [
        'cut at every boundary',
        (body: Uint8Array) => cut(body, body.length <= smallBytes ? 1 : Math.ceil(body.length / 100)),
      ],
    ] as const)(
      '%s',
      async (_how, pieces) => {
        const { fetch, simulator } = await mount();
        for (const exchange of exchanges) {
          const isStream = exchange.headers.some(
            ([name, value]) => /content-type/i.test(name) && value.includes('event-stream'),
          );
          const { status, headers, body } = exchange;
          simulator.plan('*', [{ status, headers, chunks: pieces(body), streamed: isStream }]);
          const answer = await read(await fetch(exchange.target, post(exchange)));
          expect(answer.brokenBy, exchange.name).toBeNull();
          expect(answer.status, exchange.name).toBe(status);
          expect(Buffer.compare(answer.body, body), exchange.name).toBe(0);
          expect(answer.headers.get('content-type'), exchange.name).toBe(headerOf(exchange, 'content-type'));
        }
        const calls = simulator.journal.requests.filter((request) => Buffer.from(request.body).length > 0);
        expect(calls.map(({ target }) => target)).toEqual(exchanges.map(({ target }) => target));
      },
      60_000,
    );
  });

  test('every cut into two, in memory, leads to the same bytes and a clean end', async () => {
    const cuts = { now: [] as Uint8Array[] };
    const headers: HeaderBag = { 'content-type': '' };
    const gateway = createGateway({
      keys: 'k',
      callers: 'anyone',
      overload: neverShed,
      upstream: scripted(cuts, headers),
    });
    for (const { name, target, body, headers: recorded } of generations) {
      headers['content-type'] = recorded.find(([field]) => /content-type/i.test(field))?.[1];
      // Inside the megabyte of a picture one place is like another.
      const step = body.length <= smallBytes ? 1 : Math.ceil(body.length / 50);
      for (let at = 0; at <= body.length; at += step) {
        cuts.now = [body.subarray(0, at), body.subarray(at)].filter((piece) => piece.length > 0);
        const { pieces, end } = await travelled(gateway, target);
        if (end !== 'ended' || Buffer.compare(Buffer.concat(pieces), body) !== 0) {
          expect.fail(`${name}, cut at ${at}: ${end}, ${Buffer.concat(pieces).length} of ${body.length} bytes`);
        }
      }
    }
  }, 60_000);
});

function post({ method, requestBody }: GoldenExchange): RequestInit {
  return { method, body: requestBody as Uint8Array<ArrayBuffer>, headers: { 'content-type': 'application/json' } };
}

function headerOf({ headers }: GoldenExchange, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function cut(body: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(body.length / size) }, (_, at) => body.subarray(at * size, (at + 1) * size));
}

function scripted(cuts: { now: Uint8Array[] }, headers: HeaderBag): Upstream {
  return {
    send(_request, sink) {
      sink.open({ pause() {}, resume() {}, abort() {} });
      sink.head(200, { ...headers });
      for (const piece of cuts.now) sink.write(piece);
      sink.end();
    },
    close: async () => {},
  };
}

async function travelled(
  gateway: ReturnType<typeof createGateway>,
  target: string,
): Promise<{ pieces: Uint8Array[]; end: string }> {
  const pieces: Uint8Array[] = [];
  let end = 'open';
  const client: Sink = {
    open() {},
    head() {},
    write: (chunk) => pieces.push(chunk) > 0,
    end() {
      end = 'ended';
    },
    fail(error) {
      end = error.message;
    },
  };
  const exchange: Exchange = {
    id: 'golden',
    method: 'POST',
    target,
    headers: { 'content-type': 'application/json' },
    client,
    remote: null,
    cancellation: new Cancellation(),
    readBody: async () => Buffer.from('{}'),
    openBody: () => null,
    publicBase: () => 'http://gateway.test',
  };
  await gateway.handle(exchange);
  return { pieces, end };
}
