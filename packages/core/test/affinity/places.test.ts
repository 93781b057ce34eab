import { fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { Ledger } from '../../src/affinity/ledger.ts';
import { PageTokens } from '../../src/affinity/page-tokens.ts';
import { Places } from '../../src/affinity/places.ts';
import { Search } from '../../src/affinity/search.ts';
import { Cancellation } from '../../src/cancellation.ts';
import { memoryStore } from '../../src/store/memory.ts';

const list = { method: 'GET', target: '/v1beta/files', isOfModel: false };
const create = { method: 'POST', target: '/v1beta/cachedContents', isOfModel: false };
const listed = bytes({ files: [{ name: 'files/canary' }] });

test('while nobody can tell whose things are, no list goes up and none is shown', async () => {
  const { places, store } = setPlaces(() => false);
  let asked = 0;
  const ask = async () => {
    asked++;
    return listed;
  };
  await expect(places.list(list, 'alice', ask)).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(asked).toBe(0);
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

test('a store that goes away while a list is read shows nothing of it', async () => {
  let canTell = true;
  const { places } = setPlaces(() => canTell);
  const ask = async () => {
    canTell = false;
    return listed;
  };
  await expect(places.list(list, 'alice', ask)).rejects.toMatchObject({ code: 'storage_unavailable' });
});

test.each(['alt=media', '$alt=proto', '%24alt=proto', 'callback=f'])(
  'a list in a form that cannot be read is refused: %s',
  async (query) => {
    const { places } = setPlaces();
    const odd = { ...list, target: `/v1beta/files?${query}` };
    await expect(places.list(odd, 'alice', async () => listed)).rejects.toMatchObject({ code: 'invalid_request' });
  },
);

test('a list is not measured: by HEAD it is refused', () => {
  const { places } = setPlaces();
  const pin = () => places.pin({ ...list, method: 'HEAD' }, bytes({}), null, 'alice', new Cancellation());
  expect(pin).toThrow(expect.objectContaining({ code: 'method_not_allowed' }));
});

describe('models', () => {
  const models = (query = '') => ({ method: 'GET', target: `/v1beta/models${query}`, isOfModel: true });
  const gone = new Cancellation();
  const answer =
    '{\n  "models": [{"name": "models/a", "description": "says \\"nextPageToken\\": \\"x\\""}],\n  "nextPageToken":  "theirs=="\n}\n';

  test('go on in the project where their list began, and every byte beside the token stays as it came', async () => {
    const { places } = setPlaces();
    const shown = await places.read(models(), new TextEncoder().encode(answer), 'other', 'alice');
    const text = new TextDecoder().decode(shown as Uint8Array);
    const { nextPageToken } = JSON.parse(text) as { nextPageToken: string };
    expect(text).toBe(answer.replace('theirs==', nextPageToken));
    expect(nextPageToken).not.toMatch(/theirs|other/);
    const next = models(`?filter=a%20b&pageSize=2&pageToken=${nextPageToken}`);
    expect(await places.pin(next, bytes({}), null, 'alice', gone)).toEqual({
      is: 'pinned',
      project: 'other',
      isOwn: true,
      target: '/v1beta/models?filter=a%20b&pageSize=2&pageToken=theirs%3D%3D',
    });
  });

  test('begin anywhere, and end without a token', async () => {
    const { places } = setPlaces();
    expect(await places.pin(models('?pageSize=5'), bytes({}), null, 'alice', gone)).toBeNull();
    expect(await places.read(models(), bytes({ models: [{ name: 'models/a' }] }), 'main', 'alice')).toBeNull();
    expect(await places.read(models(), new TextEncoder().encode('no JSON'), 'main', 'alice')).toBeNull();
  });

  test('take no token but their own', async () => {
    const { places } = setPlaces();
    const pin = async (token: string, caller: string) =>
      places.pin(models(`?pageToken=${token}`), bytes({}), null, caller, gone);
    const shown = await places.read(models(), new TextEncoder().encode(answer), 'other', 'alice');
    const { nextPageToken } = JSON.parse(new TextDecoder().decode(shown as Uint8Array)) as { nextPageToken: string };
    for (const [token, caller] of [
      ['theirs', 'alice'],
      [nextPageToken, 'bob'],
    ] as const) {
      await expect(pin(token, caller)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
});

test('what lies inside of a thing goes on where the thing is, by its own words, for its caller', async () => {
  const { places } = setPlaces();
  const gone = new Cancellation();
  const runs = (query: string, id = 't') => ({
    method: 'GET',
    target: `/v1/triggers/${id}/executions${query}`,
    isOfModel: false,
  });
  const inner = { next_page_token: 'other' };
  const page = bytes({ executions: [{ id: 'e', inner }], next_page_token: 'theirs' });
  await places.read({ ...create, target: '/v1/triggers' }, bytes({ id: 't' }), 'main', 'alice');
  const shown = JSON.parse(
    new TextDecoder().decode((await places.read(runs(''), page, 'main', 'alice')) as Uint8Array),
  );
  expect(shown).toEqual({ executions: [{ id: 'e', inner }], next_page_token: expect.stringMatching(/^[\w-]{40,}$/) });
  const query = `?page_token=${shown.next_page_token}&page_size=2`;
  expect(await places.pin(runs(query), bytes({}), null, 'alice', gone)).toMatchObject({
    project: 'main',
    target: '/v1/triggers/t/executions?page_token=theirs&page_size=2',
  });
  await expect(places.pin(runs(query), bytes({}), null, 'bob', gone)).rejects.toMatchObject({ code: 'not_found' });
  // Made anew, somewhere else: the provider's token is of the one that was.
  await places.read({ ...create, method: 'DELETE', target: '/v1/triggers/t' }, bytes({}), 'main', 'alice');
  await places.read({ ...create, target: '/v1/triggers' }, bytes({ id: 't' }), 'other', 'alice');
  await expect(places.pin(runs(query), bytes({}), null, 'alice', gone)).rejects.toMatchObject({
    code: 'invalid_request',
  });
  await expect(places.pin(runs('?page_token=theirs'), bytes({}), null, 'alice', gone)).rejects.toMatchObject({
    code: 'invalid_request',
  });
});

test('what was made is shown also when it cannot be written down', async () => {
  const { places, store } = setPlaces();
  store.own = () => {
    throw new Error('the disk is full');
  };
  expect(await places.read(create, bytes({ name: 'cachedContents/abc' }), 'main', 'alice')).toBeNull();
});

test.each([
  ['', 'alice'],
  ['?stream=true&include_input=false', 'alice'],
  ['?include_input=true', undefined],
])(
  'a file that an interaction has left is learnt where it is read%s, but for what it was given',
  async (query, maker) => {
    const { places, ledger } = setPlaces();
    await places.learn({ ...create, target: '/v1/interactions' }, { id: 'i' }, 'main', 'alice');
    const call = { method: 'GET', target: `/v1/interactions/i${query}`, isOfModel: false };
    await places.learn(call, { steps: [{ content: { uri: 'files/left' } }] }, 'main', 'alice');
    expect((await ledger.ownerOf('files/left'))?.caller).toBe(maker);
  },
);

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
  const tokens = new PageTokens({ store, pool: 'gemini', clock, canTell });
  const projects = () => ['main', 'other'];
  const places = new Places({ ledger, search, tokens, projects, hosts: new Set(), canTell, clock });
  return { places, store, ledger };
}

function bytes(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
