import { describe, expect, test } from 'vitest';
import type { Overload } from '../src/figures/overload.ts';
import { overloadTable } from '../src/overload-table.ts';

const shares = { gateway: 0.99, provider: 0.2, load: 0.5 };
const round: Overload = {
  capacityPerSecond: 1_000,
  offeredPerSecond: 3_000,
  goodPerSecond: 950,
  shares: { good: 0.32, late: 0, shed: 0.68, broken: 0, unsent: 0, unanswered: 0 },
  shedP50Ms: 1,
  shedP99Ms: 30,
  bystander: { shedP50Ms: 1, shedP99Ms: 8, lateP99Ms: 1 },
  shedOwnP99Ms: 0.4,
  rightP99Ms: 40,
  lateP99Ms: 1,
  recoveryMs: 300,
  atCapacity: shares,
  inSurge: shares,
  problem: '',
};

const unshed = { shedP50Ms: null, shedP99Ms: null };

describe('of a gateway that has too much to do', () => {
  test('all three budgets are kept or missed each by itself', () => {
    expect(verdicts([round])).toEqual(['≥ 90 % kept', '≤ 10 ms kept', '≤ 2 s kept']);
    expect(verdicts([{ ...round, goodPerSecond: 890 }])).toEqual(['≥ 90 % **missed**', '≤ 10 ms kept', '≤ 2 s kept']);
    expect(verdicts([{ ...round, bystander: { ...round.bystander, shedP99Ms: 11 } }])[1]).toBe('≤ 10 ms **missed**');
    expect(verdicts([{ ...round, recoveryMs: 2_100 }])[2]).toBe('≤ 2 s **missed**');
  });

  test('one round that never recovered is one too many', () => {
    expect(verdicts([round, round, { ...round, recoveryMs: null }])[2]).toBe('≤ 2 s **missed**');
  });

  test('who turns nobody away keeps no budget by it', () => {
    expect(
      verdicts([{ ...round, ...unshed, shedOwnP99Ms: null, bystander: { ...round.bystander, ...unshed } }])[1],
    ).toBe('');
  });

  test('the base has no budget', () => {
    expect(verdicts([round], 'raw')).toEqual(['', '', '']);
  });

  test('a gateway that did not get its core says so', () => {
    const notes = overloadTable(
      { kind: 'unary', surgeMs: 10_000 },
      new Map([['core', [{ ...round, inSurge: { ...shares, gateway: 0.3 } }]]]),
    ).notes;
    expect(notes.join('\n')).toContain('**Not to be believed**: core');
    expect(
      overloadTable({ kind: 'unary', surgeMs: 10_000 }, new Map([['core', [round]]])).notes.join('\n'),
    ).not.toContain('believed');
  });
});

function verdicts(rounds: readonly Overload[], name = 'core'): string[] {
  const { columns, rows } = overloadTable({ kind: 'unary', surgeMs: 10_000 }, new Map([[name, rounds]]));
  return (rows[0] as readonly string[]).filter((_, at) => columns[at] === 'budget');
}
