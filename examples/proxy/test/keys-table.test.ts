import type { Standing } from '@sluice/core';
import { expect, test } from 'vitest';
import type { ProxyView } from '../src/control-client.ts';
import { duration } from '../src/duration.ts';
import { keyTables, standingLine } from '../src/keys-table.ts';

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

test('spans of time are said by their two largest units', () => {
  expect([0, 400, 999, 1_499].map(duration)).toEqual(['1 s', '1 s', '1 s', '1 s']);
  expect(duration(59.6 * second)).toBe('1 min');
  expect(duration(61 * second)).toBe('1 min 1 s');
  expect(duration(3 * hour + 12 * minute + 40 * second)).toBe('3 h 12 min');
  expect(duration(24 * hour)).toBe('1 d');
  expect(duration(2 * day + 5 * minute)).toBe('2 d');
});

const ready: Standing = { state: 'ready', reason: null, sinceMs: null, untilMs: null, endedBy: null };
const nowMs = 10 * day;
const view: ProxyView = {
  pid: 1,
  origin: 'http://127.0.0.1:1',
  nowMs,
  snapshot: {
    pools: [
      {
        name: 'gemini',
        provider: 'gemini',
        baseUrl: 'https://example',
        projects: [
          {
            id: 'a',
            weight: 1,
            tier: 'tier 1',
            inFlight: 3,
            keys: [
              { id: 'a#1', ...ready },
              {
                id: 'a#2',
                state: 'disabled',
                reason: 'key_invalid',
                sinceMs: nowMs - hour,
                untilMs: nowMs + 3 * hour + 12 * minute,
                endedBy: 'probe',
              },
            ],
            cooling: [
              {
                model: null,
                state: 'cooling',
                reason: 'quota',
                sinceMs: nowMs,
                untilMs: nowMs + 30_000,
                endedBy: 'time',
              },
            ],
            ...ready,
          },
          {
            id: 'b',
            weight: 1,
            tier: null,
            inFlight: 0,
            keys: [{ id: 'b#1', ...ready }],
            cooling: [],
            state: 'disabled',
            reason: 'billing',
            sinceMs: nowMs - minute,
            untilMs: null,
            endedBy: 'operator',
          },
        ],
      },
    ],
    breakers: [],
    open: 0,
    streams: 0,
    waiting: 2,
    bufferedBytes: 0,
    cache: { entries: 0, bytes: 0 },
    overload: 'none',
    isDraining: false,
    store: { name: 'sqlite /x', isDegraded: false },
  },
};
const plain = (_: unknown, text: string): string => text;

test('a key stands as its project does when that is worse, and what is counted by project stands once', () => {
  expect(keyTables(view, plain)).toBe(`
http://127.0.0.1:1  process 1, state in sqlite /x

key  project  tier    state     reason             since      until          ended by     in flight
a#1  a        tier 1  ready                                                               3
a#2  a        tier 1  disabled  key_invalid        1 h ago    in 3 h 12 min  a probe
b#1  b                disabled  billing (project)  1 min ago                 an operator  0

Models that rest

model                    project  state    reason  since    until    ended by
(calls without a model)  a        cooling  quota   1 s ago  in 30 s  time

Pool gemini: 1 of 3 keys ready, 2 requests wait for a key
\`keys enable ID\` undoes \`keys disable\`; \`keys reset ID\` forgets every rest of a key and of its project.

`);
});

test('after a change one line says how the key stands, whatever keeps it out', () => {
  expect(standingLine(view, 'a#2', plain)).toBe(
    'a#2 is disabled (key_invalid, back in 3 h 12 min) at http://127.0.0.1:1\n',
  );
  expect(standingLine(view, 'b#1', plain)).toBe('b#1 is disabled (billing (project)) at http://127.0.0.1:1\n');
});
