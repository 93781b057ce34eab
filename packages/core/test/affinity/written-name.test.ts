import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reference } from '../../src/affinity/affinity.ts';
import { mostOddValues, mostReferences, referencesOf } from '../../src/affinity/references.ts';
import { nameInValue, nameOfId } from '../../src/affinity/resource-name.ts';

const google = 'https://generativelanguage.googleapis.com/v1beta';
/** Some of them are not as a parser of URIs would write them. */
const ownHosts = new Set([
  '127.0.0.1:8787',
  'gateway.example',
  'gateway.example:8443',
  'tls:443',
  'plain:80',
  'files',
  'Big.example',
]);

/** What decides about a name, and what is often mistaken for it. */
const pieces = [
  ...[
    'files',
    'models',
    'operations',
    'cachedContents',
    'tunedModels',
    'environments',
    'abc',
    'a b',
    'v1beta',
    'remote',
  ],
  ...['/', '/', '/', '/', '//', '\\', '?', '#', ':', '@', '=', '~=+-.', '.', '..', ' ', '\n', '\t', '\u00a0', '\ufeff'],
  ...['%', '%66iles', 'files%2Fabc', '%2e%2e', '%zz', 'é', '😀', '\u3000', 'x'.repeat(512), 'x'.repeat(513)],
  ...['https:', 'http:', 'HTTPS:', 'https://', 'http://', 'gs://', 'data:', 'ftp://'],
  ...['generativelanguage.googleapis.com', 'GenerativeLanguage.googleapis.com', 'eu-generativelanguage.googleapis.com'],
  ...['storage.googleapis.com', 'generativelanguage.mtls.googleapis.com', 'generativelanguage.googleapis.com:8443'],
  ...['127.0.0.1:8787', '127.1:8787', '0x7f.1:8787', '１２７.0.0.1:8787', 'gateway.example', 'gateway.example:443'],
  ...[
    'gateway.example:8443',
    'gateway.example:9999',
    'gateway.example:99999',
    'gateway.example:08443',
    'tls',
    'tls:443',
  ],
  ...['plain', 'plain:80', 'big.example', 'Big.example', 'example.com', 'example.com.', 'xn--a', 'me@gateway.example'],
];
const piece = fc.constantFrom(...pieces);
const value = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((some) => some.join('')),
  fc.array(piece, { maxLength: 6 }).map((some) => some.join('/')),
  fc.tuple(piece, piece).map(([id, rest]) => `files/${id}${rest}`),
  fc.tuple(piece, piece, piece).map(([host, before, id]) => `https://${host}/${before}/files/${id}`),
  fc.tuple(piece, piece).map(([host, id]) => `//${host}/v1/files/${id}`),
  fc.array(piece, { maxLength: 4 }).map((some) => `${google}/${some.join('/')}`),
);
/** The ways to write a letter in JSON: as it is, by its number, and behind a backslash. */
const ways = fc.array(fc.nat(9), { maxLength: 40 });

describe('a name that is read where it lies', () => {
  test('is the one that its value has when it is parsed, however it is written', () => {
    fc.assert(
      fc.property(value, ways, (text, how) => {
        const name = nameInValue(text, ownHosts);
        expect(namesIn(`{"fileUri":${written(text, how)}}`)).toEqual(name === null ? [] : [name]);
      }),
      { numRuns: 20_000 },
    );
  });

  test('is the one of a bare id as well', () => {
    fc.assert(
      fc.property(value, ways, (text, how) => {
        const name = nameOfId('interactions', text);
        expect(namesIn(`{"previousInteractionId":${written(text, how)}}`)).toEqual(name === null ? [] : [name]);
        const place = text === 'remote' ? null : nameOfId('environments', text);
        expect(namesIn(`{"environment":${written(text, how)}}`)).toEqual(place === null ? [] : [place]);
      }),
      { numRuns: 10_000 },
    );
  });

  test.each([
    'https:////files/v1/files/abc',
    '//files/files/abc',
    '////files/"x"/files/abc',
    'http://127.1:8787/files/abc',
    'https://gateway.example:443/files/abc',
    'https://tls:443/files/abc',
    'https://plain:80/files/abc',
    'https://BIG.example/files/abc',
    `${google}/files/abc/..`,
    `${google}/files/abc/%2e%2e/x`,
    `${google}/files/x\\..\\abc`,
    `${google}/models/m:predict/operations/o:wait`,
    'files/files/abc',
    'files//abc',
    'files/abc:download',
    '\u00a0files/abc\u3000',
    'хххfiles/abc',
  ])('and that in odd cases, as %s', (text) => {
    const name = nameInValue(text, ownHosts);
    expect(namesIn(JSON.stringify({ fileUri: text }))).toEqual(name === null ? [] : [name]);
  });

  test('is told once, whatever else is told between and however it is written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, ways), { maxLength: 30 }), (values) => {
        const known = values.map(([text]) => nameInValue(text, ownHosts)).filter((name) => name !== null);
        const body = `{"fileSearchStoreNames":[${values.map(([text, how]) => written(text, how)).join(',')}]}`;
        expect(namesIn(body)).toEqual([...new Set(known)]);
      }),
      { numRuns: 3_000 },
    );
  });

  test('is told by the host of its own URI, whatever host came before', () => {
    const ours = ['generativelanguage.googleapis.com', 'gateway.example'];
    const hosts = [...ours, ...ours.map((host) => `${host}.com`), 'example.com', 'example.com.au'];
    const pairs = hosts.flatMap((one) => hosts.flatMap((other) => [one, other, one]));
    const uris = pairs.map((host, at) => `https://${host}/v1beta/files/f${at}`);
    const known = uris
      .filter((uri) => nameInValue(uri, ownHosts) !== null)
      .map((uri) => uri.slice(uri.indexOf('files/')));
    expect(namesIn(JSON.stringify({ url: uris }))).toEqual(known);
    expect(known).toHaveLength(pairs.length / 3);
    // Escapes are undone in one and the same place, again and again.
    const escaped = uris.map((uri) => `"${uri.replaceAll('/', '\\/')}"`);
    expect(namesIn(`{"url":[${escaped.join(',')}]}`)).toEqual(known);
  });

  test('is not taken for the same id of another collection', () => {
    const body = { previousInteractionId: 'x', environment: 'x', agent: 'x', voice: 'x', continuationToken: 'x' };
    const names = namesIn(JSON.stringify({ ...body, fileUri: 'files/x', url: 'files/x' }));
    expect(names.map((name) => name.split('/')[0])).toEqual([
      'interactions',
      'environments',
      'agents',
      'voices',
      'token',
      'files',
    ]);
  });
});

describe('a body of many values', () => {
  test('is read to its end when they name nothing', () => {
    const urls = many(20_000, (at) => `https://example.com/files/number-${at}?a=%20`);
    const spaced = many(20_000, (at) => `files/a b ${at}`);
    const texts = many(20_000, (at) => `a%20"text" ${at}\\`);
    const foreign = many(20_000, (at) => `отчёт %${at}/files.pdf`);
    for (const names of [urls, spaced, texts, foreign]) {
      expect(namesIn(JSON.stringify({ fileSearchStoreNames: [...names, 'files/last'] }))).toEqual(['files/last']);
    }
  });

  test('may have one that is oddly written as often as it likes', () => {
    const same = many(mostOddValues * 3, (at) => (at % 2 === 0 ? 'files/%61bc' : `${google}/x/../files/def`));
    expect(namesIn(JSON.stringify({ fileSearchStoreNames: same }))).toEqual(['files/abc', 'files/def']);
  });

  test('is refused with too many that are oddly written, for each has to be parsed', () => {
    const odd = many(mostOddValues, (at) => `files/%20${at}`);
    expect(namesIn(JSON.stringify({ url: odd }))).toEqual([]);
    expect(() => namesIn(JSON.stringify({ url: [...odd, 'files/%20'] }))).toThrow(/oddly written/);
  });

  test('is refused with too many names, wherever they stand', () => {
    const names = many(mostReferences + 1, (at) => `files/${at}`);
    expect(() => namesIn(JSON.stringify({ url: names }))).toThrow(/more than 4096 resources/);
    expect(() => namesIn(JSON.stringify({ text: 'x'.repeat(1_000_000), url: names }))).toThrow(/4096 resources/);
  });

  test('names nothing in a long text that quotes a field', () => {
    const text = `${'x'.repeat(500)}", "fileUri": "files/no`.repeat(3);
    expect(namesIn(JSON.stringify({ text, uri: 'files/yes' }))).toEqual(['files/yes']);
    expect(namesIn(JSON.stringify({ text: `${'x'.repeat(500)}"`, uri: 'files/yes' }))).toEqual(['files/yes']);
  });

  test('may name something behind a long text', () => {
    const text = 'Listen: "it" was late.\n'.repeat(40_000);
    expect(namesIn(JSON.stringify({ text, functionCall: { args: { uri: 'files/a' } }, uri: 'files/b' }))).toEqual([
      'files/b',
    ]);
  });
});

/** The text as a string of JSON. */
function written(text: string, how: readonly number[]): string {
  const letters = [...text].map((letter, at) => {
    const way = how[at] ?? 9;
    if (way === 0) return unicode(letter);
    return way === 1 && letter === '/' ? '\\/' : JSON.stringify(letter).slice(1, -1);
  });
  return `"${letters.join('')}"`;
}

function unicode(letter: string): string {
  return [...letter.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

function namesIn(body: string): string[] {
  const call = { path: '/v1/interactions', query: [] };
  const found = referencesOf(call, new TextEncoder().encode(body), 'application/json', ownHosts);
  return (found as readonly Reference[]).map(({ name }) => name);
}

function many(count: number, make: (at: number) => string): string[] {
  return Array.from({ length: count }, (_, at) => make(at));
}
