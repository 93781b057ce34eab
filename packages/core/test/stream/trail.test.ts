/** A stream that can be heard on is shown event by event, and its trail always ends where the last of them stands. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interactions } from '../../src/dialect/interactions/dialect.ts';
import { interactionResumption } from '../../src/dialect/interactions/resumption.ts';
import { Scan } from '../../src/stream/scan.ts';
import { Trail } from '../../src/stream/trail.ts';

const { grammar } = interactions;
const target = '/v1/interactions';

function event(at: number, more: object = {}): string {
  const data = { index: 1, delta: { text: 'event_id', event_id: 'inner' }, event_type: 'step.delta', ...more };
  return `event: step.delta\ndata: ${JSON.stringify({ ...data, event_id: `p${at}` })}\n\n`;
}

const created = `event: interaction.created\ndata: {"interaction":{"id":"v1_x","status":"in_progress"},"event_type":"interaction.created","event_id":"p0"}\n\n`;

interface Following {
  readonly scan: Scan;
  readonly trail: Trail;
}

function follow(pieces: readonly string[]): Following {
  const trail = new Trail(grammar, interactionResumption);
  const scan = new Scan(grammar, null, trail);
  for (const piece of pieces) if (piece !== '') scan.feed(Buffer.from(piece));
  return { scan, trail };
}

function place({ trail }: Following): string | null {
  return trail.remainder(target)?.split('last_event_id=')[1] ?? null;
}

describe('the trail of a stream', () => {
  test.each<[what: string, text: string, shown: string, expected: string | null]>([
    ['whole events', created + event(1) + event(2), created + event(1) + event(2), 'p2'],
    ['half an event', created + event(1) + event(2).slice(0, -1), created + event(1), 'p1'],
    ['its name only', `${created + event(1)}event: step.delta\n`, created + event(1), 'p1'],
    ['CRLF', (created + event(1)).replaceAll('\n', '\r\n'), (created + event(1)).replaceAll('\n', '\r\n'), 'p1'],
    ['CR', (created + event(1)).replaceAll('\n', '\r'), (created + event(1)).replaceAll('\n', '\r'), 'p1'],
    ['a comment', `${created}: p9\n\n`, `${created}: p9\n\n`, 'p0'],
    ['an end mark', `${created + event(1)}data: [DONE]\n\n`, `${created + event(1)}data: [DONE]\n\n`, 'p1'],
    [
      'the id first',
      `${created}data: {"event_id":"p7","event_type":"x"}\n\n`,
      `${created}data: {"event_id":"p7","event_type":"x"}\n\n`,
      'p7',
    ],
    [
      'several lines',
      `${created}data: {"event_id":\ndata: "p8"}\n\n`,
      `${created}data: {"event_id":\ndata: "p8"}\n\n`,
      'p8',
    ],
    [
      'an id with escapes',
      `${created}data: {"event_id":"a\\u002fb"}\n\n`,
      `${created}data: {"event_id":"a\\u002fb"}\n\n`,
      'a%2Fb',
    ],
    ['an event without a place', `${created}data: {"index":1}\n\n`, `${created}data: {"index":1}\n\n`, null],
    ['the same place twice', created + event(0), created + event(0), null],
    [
      'a place behind one that has none',
      `${created}data: {"index":1}\n\n${event(2)}`,
      `${created}data: {"index":1}\n\n${event(2)}`,
      'p2',
    ],
    ['nothing', '', '', null],
  ])('ends with the last whole event, for any cutting: %s', (_, text, shown, expected) => {
    for (let at = 0; at <= text.length; at++) {
      const following = follow([text.slice(0, at), text.slice(at)]);
      expect(following.scan.heldFrom, `cut at ${at}`).toBe(shown.length);
      expect(following.scan.eventBytes).toBe(text.length - shown.length);
      expect(place(following), `cut at ${at}`).toBe(expected);
    }
    const bytewise = follow([...text]);
    expect([bytewise.scan.heldFrom, place(bytewise)]).toEqual([shown.length, expected]);
  });

  test('is the same for any cutting into many', () => {
    const text = Array.from({ length: 9 }, (_, at) =>
      at === 0 ? created : event(at, { delta: { text: '}\n\n{"é' } }),
    ).join('');
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (places) => {
        const trail = new Trail(grammar, interactionResumption);
        const scan = new Scan(grammar, null, trail);
        const cuts = [0, ...places.sort((a, b) => a - b), bytes.length];
        for (const [index, to] of cuts.slice(1).entries()) {
          const from = cuts[index] as number;
          if (to > from) scan.feed(bytes.subarray(from, to));
          const whole = bytes.subarray(0, to).toString().split('\n\n').length - 1;
          expect(trail.events).toBe(whole);
          expect(scan.heldFrom).toBe(
            Buffer.byteLength(
              text
                .split('\n\n')
                .slice(0, whole)
                .map((one) => `${one}\n\n`)
                .join(''),
            ),
          );
        }
      }),
    );
  });

  test('names nothing by its places: only what an answer makes is learnt', () => {
    const named: unknown[] = [];
    const scan = new Scan(grammar, (one) => named.push(one), new Trail(grammar, interactionResumption));
    scan.feed(Buffer.from(created + event(1) + event(2)));
    expect(named).toEqual([{ interaction: { id: 'v1_x' } }]);
    expect(scan.isFinished).toBe(false);
  });

  test('leads nowhere once the provider has said why it ends', () => {
    const following = follow([created, event(1), 'data: {"event_type":"error","error":{"code":"x"}}\n\n']);
    expect(following.scan.isError).toBe(true);
    expect(place(following)).toBeNull();
  });

  test('goes on in the next stream, where everything is worth showing', () => {
    const { trail } = follow([created, event(1), event(2).slice(0, -20)]);
    trail.goOn();
    const scan = new Scan(grammar, null, trail);
    scan.feed(Buffer.from('data: {"status":"in_progress","event_type":"interaction.status_update"}\n\n'));
    expect(scan.hasMeaning).toBe(true);
    expect(trail.remainder(target)).toBeNull();
    scan.feed(Buffer.from(event(2)));
    expect(trail.remainder(target)).toBe(`${target}/v1_x?stream=true&last_event_id=p2`);
    expect(trail.events).toBe(4);
  });

  test('a stream that is not followed is shown as it comes', () => {
    const scan = new Scan(grammar);
    scan.feed(Buffer.from(created + event(1).slice(0, -1)));
    expect(scan.heldFrom).toBe(scan.position);
    expect(scan.eventsTo).toBe(created.length);
  });
});
