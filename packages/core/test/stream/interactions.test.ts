/** The events of the Interactions API: when a stream of them is complete, what is an error in it, and what it names. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenDir } from '@sluice/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interactions } from '../../src/dialect/interactions/dialect.ts';
import type { Named } from '../../src/stream/names.ts';
import { Scan } from '../../src/stream/scan.ts';
import { pieces, watched } from '../properties/watching.ts';

const { grammar } = interactions;
const id = 'v1_abc';
const created = event({ interaction: { id, status: 'in_progress' }, event_type: 'interaction.created' });
const progress = event({ interaction_id: id, status: 'in_progress', event_type: 'interaction.status_update' });
const delta = event({ index: 1, delta: { text: '"event_type":"error"', type: 'text' }, event_type: 'step.delta' });
const usage = { total_input_tokens: 7, total_output_tokens: 26 };
const done = (status: string): string =>
  event({ interaction: { id, status, usage }, event_type: 'interaction.completed' });
const end = 'event: done\ndata: [DONE]\n\n';

describe('a stream is complete', () => {
  test.each([
    ['completed', created + progress + delta + done('completed')],
    ['completed, with an end mark', created + delta + done('completed') + end],
    ['requires_action', created + done('requires_action')],
    ['requires_continuation', created + done('requires_continuation')],
    ['failed', created + done('failed')],
    ['a status that nobody knows yet', created + done('resting')],
    ['the kind first', event({ event_type: 'interaction.completed', interaction: { status: 'completed' } })],
    [
      'the kinds of the revision before',
      event({ interaction: { id }, event_type: 'interaction.start' }) +
        event({ interaction: { id }, event_type: 'interaction.complete' }),
    ],
    ['the rest of a stream that was gone on with', delta + done('completed') + end],
    [
      'a status update that is an end',
      created + event({ status: 'cancelled', event_type: 'interaction.status_update' }),
    ],
  ])('by its last event: %s, for any cutting', (_, text) => {
    everyCutting(Buffer.from(text), (out) => {
      expect(out.bytes.toString()).toBe(text);
      expect(out.endings).toEqual([{ is: 'complete', uncleanly: null }]);
    });
  });

  test.each([
    ['nothing but its beginning', created],
    ['no last event', created + progress + delta],
    ['an end mark alone', created + delta + end],
    ['a status that goes on', created + event({ status: 'queued', event_type: 'interaction.status_update' })],
    [
      'a last event that is none',
      created + event({ delta: { event_type: 'interaction.completed' }, event_type: 'step.delta' }),
    ],
    ['a status deep inside', created + event({ step: { status: 'completed' }, event_type: 'step.start' })],
  ])('and not with %s', (_, text) => {
    everyCutting(Buffer.from(text), (out) => {
      expect(out.bytes.toString()).toBe(text);
      expect(out.endings).toEqual([{ is: 'truncated', how: 'it has no finish reason' }]);
    });
  });

  test('and only its last event puts it at rest: what follows a status may take its time', () => {
    const scan = new Scan(grammar);
    scan.feed(Buffer.from(created + event({ status: 'completed', event_type: 'interaction.status_update' })));
    expect([scan.isFinished, scan.isAtRest]).toEqual([true, false]);
    scan.feed(Buffer.from(done('completed')));
    expect([scan.isFinished, scan.isAtRest]).toEqual([true, true]);
  });

  test('is shown from its first event on, where that names what was made', () => {
    expect(meaningOf(created + delta)).toBe(created.length - 2);
  });

  test('else from the first that says something: before that, another try is free', () => {
    const nameless = created.replace(id, '') + progress.replace(id, '');
    expect(meaningOf(nameless)).toBeNull();
    expect(meaningOf(nameless + delta + delta)).toBe((nameless + delta).length - 2);
    const token = event({ continuation_token: 'a', event_type: 'interaction.status_update' });
    expect(meaningOf(nameless + token)).toBe((nameless + token).length - 2);
    expect(meaningOf(nameless + done('failed').replace(id, ''))).not.toBeNull();
  });
});

describe('a whole answer is complete', () => {
  test.each(['completed', 'in_progress', 'queued', 'requires_action', 'something new'])('as %s', (status) => {
    const body = Buffer.from(JSON.stringify({ id, status, steps: [{ status: 'x' }], usage }, null, 2));
    expect(watched(grammar, [body], { isWhole: true }).endings).toEqual([{ is: 'complete', uncleanly: null }]);
  });

  test.each([
    ['without a status', JSON.stringify({ id, steps: [{ status: 'completed' }] })],
    ['cut off', JSON.stringify({ id, status: 'completed', steps: [] }).slice(0, -1)],
  ])('and not %s', (_, body) => {
    const [ending] = watched(grammar, [Buffer.from(body)], { isWhole: true }).endings;
    expect(ending?.is).not.toBe('complete');
  });
});

describe('an error in the middle never goes out', () => {
  const error = { code: 'service_unavailable', message: 'overloaded' };
  test.each([
    ['its kind first', event({ event_type: 'error', error })],
    ['its kind last', event({ error, event_type: 'error' })],
    ['an id before its kind', event({ event_id: 'e', event_type: 'error', error })],
    ['an interaction before its kind', event({ interaction_id: id, event_type: 'error', error })],
    ['over several lines', 'event: error\ndata: {"event_type":\ndata:  "error",\ndata: "error":{"code":"x"}}\n\n'],
    ['raw', JSON.stringify({ error }, null, 2)],
  ])('%s, for any cutting', (_, text) => {
    everyCutting(Buffer.from(created + delta + text), (out) => {
      expect(out.endings).toHaveLength(1);
      expect(out.endings[0]).toMatchObject({ is: 'error' });
      const [ending] = out.endings;
      expect(JSON.parse(ending?.is === 'error' ? ending.text : '')).toHaveProperty('error.code');
      expect(out.bytes.toString()).not.toContain('"error":{');
      expect(out.bytes.toString().startsWith(created + delta)).toBe(true);
    });
  });

  test.each([
    ['a kind that only begins so', event({ event_type: 'errors.none', error })],
    ['an error in an event of another kind', event({ index: 1, error, event_type: 'error' })],
  ])('and %s is none', (_, text) => {
    everyCutting(Buffer.from(created + text + done('completed')), (out) => {
      expect(out.endings).toEqual([{ is: 'complete', uncleanly: null }]);
      expect(out.bytes.toString()).toBe(created + text + done('completed'));
    });
  });

  test('an event is held no longer than until its first telling key', () => {
    const scan = new Scan(grammar);
    scan.feed(Buffer.from('data: {"event_id":"e1","event_type"'));
    expect(scan.heldFrom).toBe(0);
    scan.feed(Buffer.from(':"step.delta"'));
    expect(scan.heldFrom).toBe(scan.position);
    const other = new Scan(grammar);
    other.feed(Buffer.from('data: {"index"'));
    expect(other.heldFrom).toBe(other.position);
  });
});

describe('what an answer names is told', () => {
  const token = `${'t/+"é'.repeat(400)}=`;
  test.each<[what: string, text: string, expected: Named[]]>([
    ['the id, once', created + progress + done('completed'), [{ interaction: { id } }]],
    [
      'its environment',
      event({ interaction: { id, environment_id: 'env-1' }, event_type: 'interaction.created' }),
      [{ interaction: { id } }, { interaction: { environment_id: 'env-1' } }],
    ],
    [
      'a checkpoint',
      event({ interaction_id: id, continuation_token: token, event_type: 'interaction.status_update' }),
      [{ continuation_token: token }],
    ],
    [
      'each of two checkpoints',
      event({ continuation_token: 'a', event_type: 'x' }) + event({ continuation_token: 'b', event_type: 'x' }),
      [{ continuation_token: 'a' }, { continuation_token: 'b' }],
    ],
    ['a whole answer', JSON.stringify({ id, continuation_token: token }), [{ id }, { continuation_token: token }]],
    ['nothing that is kept', event({ interaction: { id: '' }, event_type: 'interaction.created' }), []],
    ['nothing deeper', event({ step: { id: 'call_1' }, steps: [{ id: 'x' }], event_type: 'step.start' }), []],
    ['no string', event({ id: 5, continuation_token: null, environment_id: { id }, event_type: 'x' }), []],
    ['nothing too long to be sent back', event({ id: 'x'.repeat(1_100_000) }), []],
  ])('%s, for any cutting', (_, text, expected) => {
    const bytes = Buffer.from(text);
    const runs = bytes.length > 100_000 ? 3 : 100;
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        expect(namesIn(bytes, cuts)).toEqual(expected);
      }),
      { numRuns: runs },
    );
  });
});

test('tokens are counted by the last event, and by a whole answer', () => {
  for (const text of [created + done('completed'), JSON.stringify({ id, status: 'completed', usage })]) {
    const bytes = Buffer.from(text);
    for (let cut = 0; cut < bytes.length; cut++) {
      const scan = new Scan(grammar);
      for (const piece of pieces(bytes, [cut])) scan.feed(piece);
      expect(JSON.parse(scan.usageText())).toEqual(usage);
    }
  }
});

describe.skipIf(goldenDir === null)('recorded answers (skipped: no golden data)', () => {
  const dir = join(goldenDir ?? '', 'ai-google');
  const files = goldenDir === null ? [] : readdirSync(dir).filter((file) => file.startsWith('interactions--'));

  test('are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(17);
  });

  test.each(files)('%s passes byte for byte and is complete, cut anywhere', (file) => {
    const text = readFileSync(join(dir, file), 'utf8');
    const isStream = file.endsWith('.chunks.txt');
    const lines = text.trim().split('\n');
    const bytes = Buffer.from(isStream ? lines.map((line) => `data: ${line}\n\n`).join('') : text);
    const step = Math.max(1, Math.ceil(bytes.length / 2_000));
    for (let cut = 0; cut < bytes.length; cut += step) {
      const out = watched(grammar, pieces(bytes, [cut]), { isWhole: !isStream });
      expect(out.endings).toEqual([{ is: 'complete', uncleanly: null }]);
      if (isStream) expect(Buffer.compare(out.bytes, bytes)).toBe(0);
      // And never before its end.
      const [short] = watched(grammar, [bytes.subarray(0, cut)], { isWhole: !isStream }).endings;
      const isAllBut = isStream && bytes.length - cut <= 2;
      if (!isAllBut && bytes.subarray(cut).toString().trim() !== '') expect(short?.is).not.toBe('complete');
    }
  });
});

function event(data: object): string {
  const { event_type } = data as { event_type?: string };
  return `event: ${event_type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function meaningOf(text: string): number | null {
  const bytes = Buffer.from(text);
  return watched(grammar, pieces(bytes, bytes.keys())).meaningAt;
}

function everyCutting(bytes: Buffer, check: (out: ReturnType<typeof watched>) => void): void {
  check(watched(grammar, pieces(bytes, bytes.keys())));
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) =>
      check(watched(grammar, pieces(bytes, cuts))),
    ),
    { numRuns: 100 },
  );
}

function namesIn(bytes: Uint8Array, cuts: readonly number[]): Named[] {
  const told: Named[] = [];
  const scan = new Scan(grammar, (named) => told.push(named));
  for (const piece of pieces(bytes, cuts)) scan.feed(piece);
  return told;
}
