import { fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { Meter } from '../../src/stream/meter.ts';
import { stillFlow } from '../../src/wire.ts';
import { recordingSink } from '../recording-sink.ts';

describe('what passes is counted', () => {
  test('and passed on', async () => {
    const clock = fakeClock();
    const client = recordingSink();
    const meter = new Meter(client, clock);
    expect([meter.isOpen, meter.firstByteAtMs]).toEqual([false, null]);
    meter.open(stillFlow);
    meter.head(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    expect([meter.isOpen, meter.isSse, meter.status]).toEqual([true, true, 200]);
    await clock.advance(250);
    expect(meter.write(Buffer.from('abc'))).toBe(true);
    const firstAtMs = clock.now();
    await clock.advance(250);
    client.hasRoom = false;
    expect(meter.write(Buffer.from('de'))).toBe(false);
    meter.end();
    expect(meter).toMatchObject({ bytes: 5, firstByteAtMs: firstAtMs, outcome: 'ended', error: null });
    expect(client.told).toEqual(['open', 'head 200', 'abc', 'de', 'end']);
    expect(client.flow).toBe(stillFlow);
  });

  test('also when it fails', () => {
    const client = recordingSink();
    const meter = new Meter(client, fakeClock());
    const error = new Error('broken');
    meter.head(200, {});
    meter.fail(error, Buffer.from('last'));
    expect(meter).toMatchObject({ outcome: 'failed', error });
    expect(client.told).toEqual(['head 200', 'fail broken: last']);
  });

  test.each([
    [200, 'application/json', false],
    [500, 'text/event-stream', false],
    [200, undefined, false],
    [200, 'text/event-stream', true],
  ])('an answer %i of the type %s is a stream: %s', (status, type, isSse) => {
    const meter = new Meter(recordingSink(), fakeClock());
    meter.head(status, type === undefined ? {} : { 'content-type': type });
    expect(meter.isSse).toBe(isSse);
  });
});

describe('a client that throws', () => {
  test.each(['head', 'write', 'end'] as const)('at %s is cut off, and its source is let go of', (at) => {
    const client = recordingSink();
    const bug = new Error('a bug');
    client[at] = () => {
      client.told.push(`${at} throws`);
      throw bug;
    };
    const aborted: Error[] = [];
    const meter = new Meter(client, fakeClock());
    meter.open({ ...stillFlow, abort: (reason) => aborted.push(reason) });
    meter.head(200, {});
    expect(meter.write(Buffer.from('one'))).toBe(true);
    meter.end();
    const error = expect.objectContaining({ code: 'upstream_protocol', cause: bug });
    expect(meter).toMatchObject({ outcome: 'failed', error });
    expect(aborted).toEqual([error]);
    const told = client.told.slice(client.told.indexOf(`${at} throws`) + 1);
    expect(told).toEqual(['fail The gateway met an error of its own when it handed the answer on.']);
  });

  test('even at being cut off ends nobody else', () => {
    const client = recordingSink();
    client.fail = () => {
      throw new Error('a bug');
    };
    const meter = new Meter(client, fakeClock());
    expect(() => meter.fail(new Error('broken'))).not.toThrow();
    expect(meter.outcome).toBe('failed');
  });
});

test.each(['end', 'fail'] as const)('nothing follows after %s', (at) => {
  const client = recordingSink();
  const meter = new Meter(client, fakeClock());
  meter.open(stillFlow);
  meter.head(200, {});
  meter[at](new Error('broken'));
  const told = [...client.told];
  meter.head(500, {});
  expect(meter.write(Buffer.from('more'))).toBe(true);
  meter.end();
  meter.fail(new Error('again'));
  expect(client.told).toEqual(told);
  expect(meter).toMatchObject({ status: 200, bytes: 0, outcome: at === 'end' ? 'ended' : 'failed' });
});
