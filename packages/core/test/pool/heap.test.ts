import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap, type HeapMember } from '../../src/pool/heap.ts';

interface Ranked extends HeapMember {
  rank: number;
}

test('whatever is pushed, moved and removed, the first in rank is on top', () => {
  const step = fc.record({
    do: fc.constantFrom('push', 'push', 'move', 'remove', 'pop'),
    which: fc.nat(),
    rank: fc.nat(50),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Heap<Ranked>((left, right) => left.rank < right.rank);
      let model: Ranked[] = [];
      for (const { do: what, which, rank } of steps) {
        const one = model[which % Math.max(1, model.length)];
        if (what === 'push') {
          const member = { rank, heapIndex: -1 };
          model.push(member);
          heap.push(member);
        } else if (what === 'move' && one !== undefined) {
          one.rank = rank;
          heap.moved(one);
        } else if (what === 'remove' && one !== undefined) {
          model = model.filter((other) => other !== one);
          heap.remove(one);
          expect(one.heapIndex).toBe(-1);
        } else if (what === 'pop') {
          const top = heap.peek();
          if (top !== undefined) heap.remove(top);
          model = model.filter((other) => other !== top);
        }
        expect(heap.size).toBe(model.length);
        expect(heap.peek()?.rank).toBe(model.length === 0 ? undefined : Math.min(...model.map((each) => each.rank)));
      }
      const drained: number[] = [];
      for (let top = heap.peek(); top !== undefined; top = heap.peek()) {
        drained.push(top.rank);
        heap.remove(top);
      }
      expect(drained).toEqual(model.map((each) => each.rank).sort((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
});

test('a member of another heap, or of none, is left alone', () => {
  const one = new Heap<Ranked>((left, right) => left.rank < right.rank);
  const other = new Heap<Ranked>((left, right) => left.rank < right.rank);
  const here = { rank: 1, heapIndex: -1 };
  const there = { rank: 0, heapIndex: -1 };
  one.push(here);
  other.push(there);
  one.remove(there);
  one.moved(there);
  one.remove({ rank: 9, heapIndex: -1 });
  expect([one.size, other.size, one.peek(), other.peek()]).toEqual([1, 1, here, there]);
});

test('a change of rank costs a number of comparisons that grows with the logarithm', () => {
  const comparisons = (size: number): number => {
    let count = 0;
    const heap = new Heap<Ranked>((left, right) => {
      count++;
      return left.rank < right.rank;
    });
    const members = Array.from({ length: size }, (_, rank) => ({ rank, heapIndex: -1 }));
    for (const member of members) heap.push(member);
    count = 0;
    for (let turn = 0; turn < 100; turn++) {
      const top = heap.peek() as Ranked;
      top.rank += size;
      heap.moved(top);
    }
    return count / 100;
  };
  expect(comparisons(10_000)).toBeLessThan(2 * Math.log2(10_000) + 4);
});
