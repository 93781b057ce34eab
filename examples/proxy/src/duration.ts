/** Spans of time as people say them: the two largest units that matter. */

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** `3 h 12 min`, `45 s`; what is shorter than a second is `1 s`, for nothing ends in no time at all. */
export function duration(ms: number): string {
  const whole = Math.max(1_000, Math.round(ms / 1_000) * 1_000);
  const first = units.findIndex(([, unitMs]) => whole >= unitMs);
  const [name, unitMs] = units[first] ?? units[3];
  const count = Math.floor(whole / unitMs);
  const [lesser, lesserMs] = units[first + 1] ?? [];
  if (lesser === undefined || lesserMs === undefined) return `${count} ${name}`;
  const rest = Math.floor((whole - count * unitMs) / lesserMs);
  return rest === 0 ? `${count} ${name}` : `${count} ${name} ${rest} ${lesser}`;
}
