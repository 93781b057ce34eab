import { describe, expect, test } from 'vitest';
import { filterList, filterNewList, listedBy, namesListed, newNamesListed } from '../../src/affinity/lists.ts';

describe('a call lists', () => {
  test.each([
    ['GET /v1beta/files', 'files'],
    ['GET /v1/cachedContents', 'cachedContents'],
    ['GET /v1beta/batches', 'batches'],
    ['GET /v1beta/fileSearchStores', 'fileSearchStores'],
    ['GET /v1beta/tunedModels', 'tunedModels'],
    ['GET /v1beta/corpora', 'corpora'],
    ['GET /v1/interactions', 'interactions'],
    ['GET /v1/agents', 'agents'],
    ['GET /v1beta/models/veo/operations', 'operations'],
    ['GET /v1beta/%66iles', 'files'],
    ['GET /v1beta/openai/files', 'files'],
  ])('%s: %s', (line, collection) => {
    expect(listedBy(call(line))).toBe(collection);
  });

  test.each([
    'GET /v1beta/files/abc',
    'POST /v1beta/files',
    'GET /v1beta/models',
    'GET /v1beta/fileSearchStores/s/documents',
    'GET /v1/environments/e/files',
    'GET /v1beta/tunedModels/t/operations',
  ])('%s: nothing of others', (line) => {
    expect(listedBy(call(line))).toBeNull();
  });
});

describe('a list shows', () => {
  test.each([
    [
      'files',
      {
        files: [
          { name: 'files/mine', uri: 'x' },
          { name: 'files/hers', uri: 'y' },
        ],
        nextPageToken: 't',
      },
      'files/mine',
    ],
    [
      'cachedContents',
      { cachedContents: [{ name: 'cachedContents/mine' }, { name: 'cachedContents/hers' }] },
      'cachedContents/mine',
    ],
    ['batches', { operations: [{ name: 'batches/mine', metadata: {} }, { name: 'batches/hers' }] }, 'batches/mine'],
    [
      'fileSearchStores',
      { fileSearchStores: [{ name: 'fileSearchStores/mine' }, { name: 'fileSearchStores/hers' }] },
      'fileSearchStores/mine',
    ],
    ['tunedModels', { tunedModels: [{ name: 'tunedModels/mine' }, { name: 'tunedModels/hers' }] }, 'tunedModels/mine'],
    ['corpora', { corpora: [{ name: 'corpora/mine' }, { name: 'corpora/hers' }] }, 'corpora/mine'],
    ['interactions', { interactions: [{ id: 'mine' }, { id: 'hers' }], next_page_token: 't' }, 'interactions/mine'],
    ['files', { object: 'list', data: [{ id: 'files/mine' }, { id: 'files/hers' }] }, 'files/mine'],
    [
      'operations',
      { operations: [{ name: 'models/veo/operations/mine' }, { name: 'models/veo/operations/hers' }] },
      'models/veo/operations/mine',
    ],
  ])('what may be seen of %s, and every other field as it is', (collection, answer, mine) => {
    expect(namesListed(answer, collection)).toEqual([mine, mine.replace('mine', 'hers')]);
    const copy = structuredClone(answer);
    const [[key, entries] = ['', []]] = Object.entries(answer).filter(([, value]) => Array.isArray(value));
    const expected = { ...answer, [key]: (entries as unknown[]).slice(0, 1) };
    const shown = filterList(answer, collection, new Set([mine]));
    expect(shown).toEqual(expected);
    expect(Object.keys(shown as object)).toEqual(Object.keys(answer));
    expect(answer).toEqual(copy);
  });

  test('nothing whose name a field mask has left out', () => {
    const answer = { files: [{ uri: 'https://x/files/hers' }, {}] };
    expect(filterList(answer, 'files', new Set(['files/mine', '']))).toEqual({ files: [] });
  });

  test('itself when all of it may be seen', () => {
    const answer = { files: [{ name: 'files/a' }], nextPageToken: 't' };
    expect(filterList(answer, 'files', new Set(['files/a']))).toBe(answer);
    const empty = {};
    expect(filterList(empty, 'files', new Set())).toBe(empty);
  });

  test.each([null, 'text', 5, [], { error: { code: 403 } }])('anything else as it is: %j', (answer) => {
    expect(filterList(answer, 'files', new Set())).toBe(answer);
    expect(namesListed(answer, 'files')).toEqual([]);
  });
});

describe('a list of things that nobody here has heard of shows', () => {
  const answer = {
    sketches: [{ name: 'sketches/a' }, { name: 'sketches/b' }, { id: 'c' }, { note: 'no name' }],
    tags: ['x'],
    next: 't',
  };

  test('everything but what may not be seen', () => {
    expect(newNamesListed(answer, 'sketches')).toEqual(['sketches/a', 'sketches/b', 'sketches/c']);
    expect(filterNewList(answer, 'sketches', new Set(['sketches/b']))).toEqual({
      sketches: [{ name: 'sketches/b' }, { note: 'no name' }],
      tags: ['x'],
      next: 't',
    });
    expect(filterNewList({ sketches: [{ id: 'c' }] }, 'sketches', new Set())).toEqual({});
  });

  test('itself when all of it may be seen, and when it is no list', () => {
    const all = new Set(newNamesListed(answer, 'sketches'));
    for (const value of [null, 'text', {}, [1], answer]) expect(filterNewList(value, 'sketches', all)).toBe(value);
  });
});

function call(line: string) {
  const [method = '', path = ''] = line.split(' ');
  return { method, path };
}
