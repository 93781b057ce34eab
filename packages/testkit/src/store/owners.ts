/** Who owns what: makers keep what they made, what was found is anybody's, and all of it ends. */

import type { Owned } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import type { Stage } from './stage.ts';

const shortMs = 80;
const file = 'pool/gemini/files/abc123';

function thing(more: Partial<Owned> = {}): Owned {
  return { name: file, project: 'main', caller: 'alice', untilMs: null, ...more };
}

export function remembersOwners(stage: Stage): void {
  describe('owners', () => {
    test('are found in the order in which they are asked for, null where there is none', async () => {
      const { store } = await stage.open();
      const [one, two] = [thing({ name: 'files/1' }), thing({ name: 'files/2', project: 'other', caller: null })];
      await store.own([one, two]);
      expect(await store.find(['files/2', 'files/none', 'files/1', 'files/2'])).toEqual([two, null, one, two]);
      expect(await store.find([])).toEqual([]);
    });

    test('nothing to write down is nothing written down', async () => {
      const { store } = await stage.open();
      await store.own([]);
      expect(await store.find([file])).toEqual([null]);
    });

    test('a name is what it is, to the letter', async () => {
      const { store } = await stage.open();
      await store.own([thing({ name: 'files/a' })]);
      expect(await store.find(['files/A', 'files/a ', 'files/%', 'files/_', 'files'])).toEqual(Array(5).fill(null));
    });

    test('what has a maker is never given to another, found or made', async () => {
      const { store } = await stage.open();
      await store.own([thing()]);
      await store.own([thing({ caller: 'bob', project: 'other' })]);
      await store.own([thing({ caller: null, project: 'other' })]);
      expect(await store.find([file])).toEqual([thing()]);
    });

    test('of two makers in one breath the first is the maker', async () => {
      const { store } = await stage.open();
      await store.own([thing(), thing({ caller: 'bob' })]);
      expect(await store.find([file])).toEqual([thing()]);
    });

    test('its maker may write it down anew', async () => {
      const { store, clock } = await stage.open();
      const again = thing({ project: 'other', untilMs: clock.wallNow() + 60_000 });
      await store.own([thing()]);
      await store.own([again]);
      expect(await store.find([file])).toEqual([again]);
    });

    test('what was found is replaced by what is found later, and by its maker', async () => {
      const { store } = await stage.open();
      for (const next of [
        thing({ caller: null }),
        thing({ caller: null, project: 'other' }),
        thing({ caller: 'bob', project: 'third' }),
      ]) {
        await store.own([next]);
        expect(await store.find([file])).toEqual([next]);
      }
      await store.own([thing({ caller: null })]);
      expect(await store.find([file])).toEqual([thing({ caller: 'bob', project: 'third' })]);
    });

    test('what the provider has forgotten is nobody’s, and anybody may make it anew', async () => {
      const { store, clock, pass } = await stage.open();
      await store.own([thing({ untilMs: clock.wallNow() + shortMs })]);
      expect(await store.find([file])).toHaveProperty([0, 'caller'], 'alice');
      await pass(shortMs);
      expect(await store.find([file])).toEqual([null]);
      await store.own([thing({ caller: 'bob' })]);
      expect(await store.find([file])).toEqual([thing({ caller: 'bob' })]);
    });

    test('what is given up is nobody’s, and giving it up twice is harmless', async () => {
      const { store } = await stage.open();
      await store.own([thing(), thing({ name: 'files/other' })]);
      await store.disown(file);
      await store.disown(file);
      expect(await store.find([file, 'files/other'])).toEqual([null, thing({ name: 'files/other' })]);
      await store.own([thing({ caller: 'bob' })]);
      expect(await store.find([file])).toEqual([thing({ caller: 'bob' })]);
    });

    test('a thousand in one breath are all written down', async () => {
      const { store } = await stage.open();
      const things = Array.from({ length: 1_000 }, (_, at) => thing({ name: `files/${at}`, project: `p${at % 7}` }));
      await store.own(things);
      expect(await store.find(things.map(({ name }) => name))).toEqual(things);
    });
  });
}
