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
