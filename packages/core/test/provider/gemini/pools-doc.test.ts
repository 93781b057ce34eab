import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Failure } from '../../../src/failure.ts';
import { rows } from '../../../src/provider/gemini/classify.ts';
import type { RefusalKind } from '../../../src/provider/gemini/kinds.ts';
import { geminiProvider } from '../../../src/provider/gemini/provider.ts';
import { answerOf } from './refusal.ts';
import { refusals } from './refusals.ts';

const page = readFileSync(new URL('../../../../../docs/pools.md', import.meta.url), 'utf8');

const whoRests: Partial<Record<Failure['scope'], string>> = {
  key: 'the key',
  project: 'the project',
  quota: 'the project, for this model',
  model: 'nobody; the breaker counts it',
  request: 'nobody',
};
const endsIt = { time: 'time', probe: 'a probe', operator: 'an operator' };
const triedNext = {
  // A refusal comes over a connection that works.
  'fresh-connection': '–',
  never: 'nothing',
  'same-key': 'the same key, later',
  'other-key': 'another key',
  'other-project': 'another project',
};
/** What depends on the answer; `classify.test.ts` says how. */
const asAnswered: Partial<Record<RefusalKind, string>> = {
  quota_day: 'until midnight in Los Angeles',
  quota_minute: 'as asked, at least 1 s; else 60 s',
  quota_long: 'as asked, at most 24 h',
};
const unitsMs = [
  ['day', 86_400_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

test('docs/pools.md says of every row of the table what it does, in the same order', () => {
  const told = [...page.matchAll(/^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  expect(told.map(([, ...cells]) => cells)).toEqual(rows.map(({ kind }) => [kind, ...effectOf(kind)]));
});

/** Every answer of a kind has the same effect; what it is, in the words of the page. */
function effectOf(kind: RefusalKind): string[] {
  const effects = refusals
    .filter((refusal) => refusal.kind === kind)
    .map((refusal) => effect(kind, geminiProvider.classify(answerOf(refusal))));
  expect(new Set(effects.map(String)).size, kind).toBe(1);
  return effects[0] ?? [];
}

function effect(kind: RefusalKind, { scope, restMs, endedBy, again, isGrowing }: Failure): string[] {
  const isRest = scope === 'key' || scope === 'project' || scope === 'quota';
  const forHowLong = asAnswered[kind] ?? (isGrowing ? `${span(restMs)}, doubled each time` : span(restMs));
  return [whoRests[scope] ?? scope, isRest ? forHowLong : '–', isRest ? endsIt[endedBy] : '–', triedNext[again]];
}

function span(ms: number | null): string {
  if (ms === null) return 'for good';
  const [name, unitMs] = unitsMs.find(([, unit]) => ms % unit === 0) ?? ['ms', 1];
  return `${ms / unitMs} ${name}`;
}
