import { describe, expect, test } from 'vitest';
import { EventNames } from '../../src/attempt/event-names.ts';
import { Latch } from '../../src/attempt/latch.ts';
import { stillFlow } from '../../src/wire.ts';
import { recordingSink } from '../recording-sink.ts';

const encoder = new TextEncoder();
const stream = [
  ': hello',
  'event: step',
  'data: {"step":1}',
  '',
  'data: {"done":{"name":"sketches/ä"}}',
  '',
  'data:{"id":"x"}',
  '',
  'data: {"name":',
  '',
  'data: [{"name":"in a list"}]',
  '',
  'data: [DONE]',
  '',
  'data: {"name":"last"}',
].join('\r\n');

describe('events of an API that nobody has heard of', () => {
  test('pass byte for byte and tell their names, cut anywhere', () => {
    const bytes = encoder.encode(stream);
    for (const size of [1, 2, 3, 7, 50, bytes.length]) {
      const { names, told, client, ended } = reading();
      for (let at = 0; at < bytes.length; at += size) names.write(bytes.subarray(at, at + size));
      names.end();
      expect(told).toEqual([{ done: { name: 'sketches/ä' } }, { id: 'x' }, { name: 'last' }]);
      expect(Buffer.compare(client.body, bytes)).toBe(0);
      expect(ended).toEqual([null]);
    }
  });

  test('a line without an end is not kept for ever, and the next one is read', () => {
    const { names, told } = reading();
    const piece = encoder.encode('x'.repeat(65_536));
    names.write(encoder.encode('data: {"name":"'));
    for (let count = 0; count < 40; count++) {
      names.write(piece);
      expect(names.heldBytes).toBeLessThanOrEqual(1_048_576);
    }
    names.write(encoder.encode('"}\ndata: {"name":"after"}\n'));
    expect(told).toEqual([{ name: 'after' }]);
  });

  test('that break are told as broken', () => {
    const { names, ended } = reading();
    names.write(encoder.encode('data: {"na'));
    names.fail(new Error('reset'));
    expect(ended).toEqual([new Error('reset')]);
  });
});

function reading() {
  const client = recordingSink();
  const latch = new Latch(client, () => {});
  latch.open(stillFlow);
  latch.head(200, {});
  latch.release();
  const told: unknown[] = [];
  const ended: (Error | null)[] = [];
  const names = new EventNames(
    latch,
    (event) => told.push(event),
    (by) => ended.push(by),
  );
  return { names, told, client, ended };
}
