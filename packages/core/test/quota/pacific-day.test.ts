import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { msUntilPacificMidnight } from '../../src/quota/pacific-day.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const cases: [what: string, at: string, untilMs: number][] = [
  ['a winter noon', '2026-01-15T12:00:00-08:00', 12 * hourMs],
  ['a summer noon', '2026-07-15T12:00:00-07:00', 12 * hourMs],
  ['midnight itself begins a whole day', '2026-07-15T00:00:00-07:00', 24 * hourMs],
  ['the last ms of a day', '2026-07-15T23:59:59.999-07:00', 1],
  ['a day of 23 hours, 2026', '2026-03-08T00:00:00-08:00', 23 * hourMs],
  ['before the change of a day of 23 hours', '2026-03-08T01:59:59-08:00', 21 * hourMs + 1_000],
  ['after the change of a day of 23 hours', '2026-03-08T03:00:00-07:00', 21 * hourMs],
  ['the evening before a day of 23 hours', '2026-03-07T23:00:00-08:00', hourMs],
  ['a day of 25 hours, 2026', '2026-11-01T00:00:00-07:00', 25 * hourMs],
  ['the first two o’clock of a day of 25 hours', '2026-11-01T01:30:00-07:00', 23.5 * hourMs],
  ['the second two o’clock of a day of 25 hours', '2026-11-01T01:30:00-08:00', 22.5 * hourMs],
  ['the evening before a day of 25 hours', '2026-10-31T23:00:00-07:00', hourMs],
  ['a day of 23 hours, 2027', '2027-03-14T00:00:00-08:00', 23 * hourMs],
  ['a day of 25 hours, 2027', '2027-11-07T00:00:00-07:00', 25 * hourMs],
  ['the day before a leap day', '2028-02-28T18:00:00-08:00', 6 * hourMs],
  ['a leap day', '2028-02-29T18:00:00-08:00', 6 * hourMs],
  ['the last evening of a year', '2026-12-31T22:00:00-08:00', 2 * hourMs],
  ['when it is tomorrow already in UTC', '2026-07-16T03:00:00Z', 4 * hourMs],
];

test.each(cases)('%s', (_, at, untilMs) => {
  expect(msUntilPacificMidnight(Date.parse(at))).toBe(untilMs);
});

test('it always ends within the day: above 0, at most 25 hours, at a midnight of Los Angeles', () => {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  const anyTime = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2040, 0) });
  fc.assert(
    fc.property(anyTime, (wallMs) => {
      const leftMs = msUntilPacificMidnight(wallMs);
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(25 * hourMs);
      expect(clock.format(wallMs + leftMs)).toBe('00:00:00');
      expect(msUntilPacificMidnight(wallMs + leftMs)).toBeGreaterThan(22 * hourMs);
    }),
    { numRuns: 1_000 },
  );
});

test('a day is 23, 24 or 25 hours long, and twice a year no whole day', () => {
  let at = Date.parse('2026-01-01T00:00:00-08:00');
  const lengths = Array.from({ length: 365 }, () => {
    const lengthMs = msUntilPacificMidnight(at);
    at += lengthMs;
    return lengthMs;
  });
  expect(lengths.filter((lengthMs) => lengthMs !== dayMs)).toEqual([23 * hourMs, 25 * hourMs]);
});

describe("the host's own zone makes no difference", () => {
  const file = fileURLToPath(new URL('../../src/quota/pacific-day.ts', import.meta.url));
  const script = `
    import { msUntilPacificMidnight } from ${JSON.stringify(file)};
    const times = ${JSON.stringify(cases.map(([, at]) => Date.parse(at)))};
    console.log(JSON.stringify([new Date(0).getHours(), ...times.map(msUntilPacificMidnight)]));
  `;
  test.each([
    ['Asia/Kolkata', 5],
    ['Pacific/Auckland', 12],
  ])('%s', async (TZ, hour) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, TZ, NODE_OPTIONS: '' },
    });
    expect(JSON.parse(stdout)).toEqual([hour, ...cases.map(([, , untilMs]) => untilMs)]);
  });
});
