import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Member, Roster } from '../src/roster.ts';

interface One extends Member {
  readonly name: number;
}

const crowd = (): One[] => Array.from({ length: 12 }, (_, name) => ({ name, place: -1 }));

test('it holds who a Set would hold, whatever comes and goes', () => {
  const step = fc.record({ who: fc.nat({ max: 11 }), comes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const people = crowd();
      const roster = new Roster<One>();
      const model = new Set<One>();
      for (const { who, comes } of steps) {
        const one = people[who] as One;
        // Whoever is there already does not come again; whoever is not may leave as often as it likes.
        if (comes && !model.has(one)) {
          roster.add(one);
          model.add(one);
        } else if (!comes) {
          roster.delete(one);
          model.delete(one);
        }
        expect(roster.size).toBe(model.size);
        expect(new Set(roster.members)).toEqual(model);
        expect(new Set(roster)).toEqual(model);
        for (const person of people) expect(person.place >= 0).toBe(model.has(person));
        for (const [place, person] of roster.members.entries()) expect(person.place).toBe(place);
      }
    }),
  );
});

test('whoever leaves or comes while all are called disturbs nobody: each is called once', () => {
  const people = crowd();
  const roster = new Roster<One>();
  for (const one of people) roster.add(one);
  const late: One = { name: 99, place: -1 };
  const called: number[] = [];
  for (const one of roster) {
    called.push(one.name);
    roster.delete(one);
    if (one.name === 3) roster.add(late);
  }
  expect(called).toEqual(people.map(({ name }) => name));
  expect([...roster]).toEqual([late]);
});

test('a member of one roster is no member of another, whatever its place', () => {
  const [here, there] = [new Roster<One>(), new Roster<One>()];
  const [one, other] = crowd() as [One, One, ...One[]];
  here.add(one);
  there.add(other);
  there.delete(one);
  expect([here.size, there.size, one.place, other.place]).toEqual([1, 1, 0, 0]);
});
