/** A client's sink that throws is a bug of a driver: it ends that one request, and nothing else. */

import { fakeClock } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import type { RequestEndEvent } from '../../src/events.ts';
import { createGateway } from '../../src/gateway.ts';
import type { Exchange, Upstream } from '../../src/wire.ts';
import { type RecordingSink, recordingSink } from '../recording-sink.ts';

const answer = Buffer.from('{"candidates":[{"content":{"parts":[{"text":"Yes."}]},"finishReason":"STOP"}]}');

const upstream: Upstream = {
  send(_request, sink) {
    sink.open({ pause() {}, resume() {}, abort() {} });
    sink.head(200, { 'content-type': 'application/json' });
    sink.write(answer);
    sink.end();
  },
  async close() {},
};

function exchangeTo(client: RecordingSink): Exchange {
  return {
    id: 'one',
    method: 'POST',
    target: '/v1beta/models/gemini-2.5-flash:generateContent',
    headers: { 'content-type': 'application/json' },
    remote: null,
    client,
    cancellation: new Cancellation(),
    readBody: async () => Buffer.from('{"contents":[]}'),
    openBody: () => null,
    publicBase: () => 'http://gateway.test',
  };
}

test.each(['head', 'write', 'end'] as const)(
  'one that throws at %s is cut off, and the operator is told why',
  async (at) => {
    const clock = fakeClock();
    const options = { keys: 'canary-key-1', callers: 'anyone', upstream, clock } as const;
    const gateway = createGateway(options);
    const ended: RequestEndEvent[] = [];
    gateway.on('request', (told) => ended.push(told));
    const client = recordingSink();
    client[at] = () => {
      throw new Error('a canary of a bug');
    };
    await gateway.handle(exchangeTo(client));
    expect(client.told.at(-1)).toBe('fail The gateway met an error of its own when it handed the answer on.');
    expect(ended).toMatchObject([{ outcome: 'failed', error: 'upstream_protocol' }]);
    expect(ended[0]?.message).toContain('a canary of a bug');
    const [pool] = gateway.snapshot().pools;
    expect(pool?.projects).toMatchObject([{ inFlight: 0, state: 'ready', keys: [{ state: 'ready' }] }]);
    expect(gateway.snapshot()).toMatchObject({ open: 0, bufferedBytes: 0, breakers: [] });
    expect(clock.pending).toBe(0);
  },
);

test('one that throws at a refusal ends in peace, too', async () => {
  const gateway = createGateway({ keys: 'canary-key-1', callers: 'anyone', upstream, clock: fakeClock() });
  const client = recordingSink();
  client.head = () => {
    throw new Error('a bug');
  };
  await gateway.handle({ ...exchangeTo(client), target: '/nowhere' });
  expect(client.told).toEqual(['open', 'fail The gateway met an error of its own when it handed the answer on.']);
});
