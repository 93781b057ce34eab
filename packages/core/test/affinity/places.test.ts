import { fakeClock } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { Ledger } from '../../src/affinity/ledger.ts';
import { Places } from '../../src/affinity/places.ts';
import { Search } from '../../src/affinity/search.ts';
import { Cancellation } from '../../src/cancellation.ts';
import { memoryStore } from '../../src/store/memory.ts';

const list = { method: 'GET', target: '/v1beta/files', isOfModel: false };
const create = { method: 'POST', target: '/v1beta/cachedContents', isOfModel: false };
const listed = bytes({ files: [{ name: 'files/canary' }] });

test('while nobody can tell whose things are, no list goes up and none is shown', async () => {
  const { places, store } = setPlaces(() => false);
  expect(() => places.pin(list, bytes({}), null, 'alice', new Cancellation())).toThrow(
    expect.objectContaining({ code: 'storage_unavailable' }),
  );
  await expect(places.read(list, listed, 'main', 'alice')).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(store.find(['pool/gemini/files/canary'])).toEqual([null]);
});

test('a list that cannot be read is not shown', async () => {
  const { places } = setPlaces();
  await expect(places.read(list, new TextEncoder().encode('{"files": ['), 'main', 'alice')).rejects.toThrow('no JSON');
});

test('a list whose owners cannot be looked up is not shown', async () => {
  const { places, store } = setPlaces();
  store.find = () => {
    throw new Error('the disk is gone');
  };
  await expect(places.read(list, listed, 'main', 'alice')).rejects.toThrow('the disk is gone');
});

test('what was made is shown also when it cannot be written down', async () => {
  const { places, store } = setPlaces();
  store.own = () => {
    throw new Error('the disk is full');
  };
  expect(await places.read(create, bytes({ name: 'cachedContents/abc' }), 'main', 'alice')).toBeNull();
});

function setPlaces(canTell = () => true) {
  const clock = fakeClock();
  const store = memoryStore(clock);
  const ledger = new Ledger(store, 'gemini', clock);
  const search = new Search(
    () => 'search',
    async () => 'missing',
    ledger,
    clock,
  );
  const places = new Places({ ledger, search, projects: () => ['main'], hosts: new Set(), canTell, clock });
  return { places, store };
}

function bytes(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
