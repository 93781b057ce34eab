import { faults, steps } from '@sluice/simulator';
import { lookups, networkFaults } from '@sluice/simulator/network';
import { expect, test } from 'vitest';

test('the matrix has 96 rows, in their order', () => {
  expect(faults.map(({ id }) => id)).toEqual(
    Array.from({ length: 96 }, (_, at) => `F${String(at + 1).padStart(2, '0')}`),
  );
});

test('what a row names exists, and every row but two can be played', () => {
  for (const { id, by } of faults) {
    if ('plans' in by) {
      expect([id, by.plans.length]).not.toEqual([id, 0]);
      for (const plan of by.plans) expect(Object.keys(steps)).toEqual(expect.arrayContaining([...plan]));
    } else if ('network' in by) expect(Object.keys(networkFaults)).toEqual(expect.arrayContaining([...by.network]));
    else if ('lookup' in by) expect(Object.keys(lookups)).toContain(by.lookup);
  }
  expect(faults.flatMap(({ id, by }) => ('not' in by ? [id] : []))).toEqual(['F92', 'F93']);
});

test('every step but those of Live and of what is resumed, and other words for the same, stands in a row', () => {
  const played = new Set(faults.flatMap(({ by }) => ('plans' in by ? by.plans.flat() : [])));
  const others = Object.keys(steps).filter((name) => !played.has(name as keyof typeof steps));
  const ofOtherCalls = others.filter((name) => /^(?:live|interaction|drop)-/.test(name));
  expect(ofOtherCalls).toHaveLength(8);
  const otherWords = others.filter((name) => !ofOtherCalls.includes(name));
  expect(otherWords).toEqual(['400-location', '403-service-disabled', '403-permission', '503-capacity']);
});
