import { expect, test } from 'vitest';
import { LooseWalk, looseText } from '../../src/affinity/loose-json.ts';
import { Words } from '../../src/bytes/words.ts';

const words = new Words(['uri', 'url', 'parts']);
/** The walk goes in steps of so many bytes. */
const stepBytes = 256;
const dense =
  '[{"uri":"files/a", "u\\u0072i" : "b\\"c", \'url\' :\'d"\',parts:[{"x":["y"],"uri":null,"url":"e\\\\"}, "f"]}, "g" : {"url":"h"}}';

test('where a step of the walk ends makes no difference', () => {
  const expected = toldOf(dense);
  expect(expected).toContain('text 2 url=h');
  expect(expected).toContain('text 2 uri=b"c');
  for (let before = stepBytes - dense.length - 2; before <= stepBytes + 2; before++) {
    expect(toldOf(`${' '.repeat(before)}${dense}`)).toEqual(expected);
  }
});

test('a string that is longer than a step is one string, with whatever quotes in it', () => {
  for (const letters of ['x', '\\"', '\\\\', "it's: "]) {
    const long = letters.repeat(2 * stepBytes);
    const told = toldOf(`{"url":"${long}","uri" :"${long}" ,"${long}":"x","parts":"last"}`);
    expect(told).toHaveLength(6);
    expect(told.at(-2)).toBe('text 1 parts=last');
  }
});

test('a key is known by its letters, however many of them are escaped', () => {
  const escaped = [...'parts'].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  for (const before of [0, stepBytes - 15]) {
    expect(toldOf(`${' '.repeat(before)}{"${escaped}":"x"}`)).toContain('text 1 parts=x');
  }
});

test('a visitor that has had enough is told nothing more', () => {
  const body = new TextEncoder().encode(`{"uri":"first","uri":"second"${' '.repeat(stepBytes)},"uri":"third"}`);
  let texts = 0;
  new LooseWalk(body, words, { text: () => ++texts === 2 }).run();
  expect(texts).toBe(2);
});

function toldOf(text: string): string[] {
  const body = new TextEncoder().encode(text);
  const told: string[] = [];
  const walk = new LooseWalk(body, words, {
    text(at, from, to) {
      told.push(`text ${at.depth} ${at.key(at.depth)}=${looseText(body, from, to)}`);
      return false;
    },
    enter(at) {
      told.push(`enter ${at.depth} ${at.isList(at.depth)}`);
      return false;
    },
    leave(at) {
      told.push(`leave ${at.depth}`);
      return false;
    },
  });
  walk.run();
  return told;
}
