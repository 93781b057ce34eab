import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/cache/canonical-json.ts';
import { check, patienceMs } from '../properties/runs.ts';

const encoder = new TextEncoder();
const textOf = (json: string): string | null => canonicalJson(encoder.encode(json))?.text ?? null;

describe('one JSON is the same in whatever way it is written', () => {
  test.each([
    ['{"a":1,"b":2}', '{"b":2,"a":1}'],
    ['{"a":[1,{"x":null,"y":true}]}', ' {\n\t"a" : [ 1 ,\r\n{ "y":true, "x" :null } ] } '],
    ['{"__proto__":1,"constructor":2}', '{"constructor":2,"__proto__":1}'],
    ['{"a":"\\\\","b":"\\""}', '{ "b" : "\\"" , "a" : "\\\\" }'],
    ['[]', ' [ ] '],
    ['{}', '{ }'],
    ['"a"', ' "a" '],
  ])('%s and %s', (one, other) => {
    expect(textOf(one)).not.toBeNull();
    expect(textOf(one)).toBe(textOf(other));
  });
});

describe('what differs is not the same', () => {
  test.each([
    ['{"a":1}', '{"a":1.0}'],
    ['{"a":9007199254740993}', '{"a":9007199254740992}'],
    ['{"a":-0}', '{"a":0}'],
    ['{"a":1e2}', '{"a":100}'],
    ['{"a":"1"}', '{"a":1}'],
    ['{"a":"A"}', '{"a":"a"}'],
    ['{"a":[1,2]}', '{"a":[2,1]}'],
    ['{"a":[[1],2]}', '{"a":[1,[2]]}'],
    ['{"a":{"b":1},"c":2}', '{"a":{"b":1,"c":2}}'],
    ['{"a":"x\\",\\"b\\":\\"y"}', '{"a":"x","b":"y"}'],
    ['{"a":null}', '{}'],
    ['[]', '{}'],
  ])('%s and %s', (one, other) => {
    expect(textOf(one)).not.toBeNull();
    expect(textOf(one)).not.toBe(textOf(other));
  });

  test('in a schema the order of its properties does', () => {
    const schema = (properties: string): string => `{"type":"OBJECT","properties":{${properties}}}`;
    const [a, b] = ['"a":{"type":"STRING","title":"x"}', '"b":{}'];
    expect(textOf(schema(`${a},${b}`))).not.toBe(textOf(schema(`${b},${a}`)));
    expect(textOf(schema(a))).toBe(textOf(schema('"a":{"title":"x","type":"STRING"}')));
  });
});

test.each([
  ['nothing', ''],
  ['what is no JSON', "{'a':1}"],
  ['a comma too many', '{"a":1,}'],
  ['a key that comes twice', '{"a":1,"a":2}'],
  ['a key that comes twice, once with an escape', '{"a":1,"\\u0061":2}'],
  ['a key that comes twice far inside', '{"b":[{"c":{"a":1,"d":{},"a":1}}]}'],
  ['a key that comes twice among properties', '{"properties":{"a":1,"b":2,"a":3}}'],
  ['a byte order mark', '\u{feff}{}'],
  ['more levels than the provider reads', `${'['.repeat(200)}${']'.repeat(200)}`],
])('%s has no such form', (_, json) => {
  expect(textOf(json)).toBeNull();
});

test('nor have bytes that are no UTF-8', () => {
  expect(canonicalJson(Uint8Array.of(0x22, 0xff, 0x22))).toBeNull();
});

test.each([
  ['{"store":true}', 'true'],
  ['{"a":1, "store" : false}', 'false'],
  ['{"a":{"store":true}}', null],
  ['{"\\u0073tore":1}', '1'],
])('of %s the store at the root is %s', (json, store) => {
  expect(canonicalJson(encoder.encode(json))?.store).toBe(store);
});

const key = fc.oneof(fc.constantFrom('a', 'b', 'contents', 'parts', 'text', 'é', '"', '\\', '__proto__'), fc.string());
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, 1, -1.5, 1e21, '', 'a', '\\"', '{"a":1}', ' '),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([name]) => name }).map(asObject),
  ),
}));

test(
  'whatever is shuffled and spaced is the same, and whatever is changed is not',
  () => {
    check(
      'identical requests',
      fc.property(value, value, fc.infiniteStream(fc.nat({ max: 5 })), (one, other, choices) => {
        const canonical = textOf(JSON.stringify(one));
        expect(canonical).not.toBeNull();
        expect(textOf(written(one, choices))).toBe(canonical);
        // It is that JSON, and nothing is lost on the way.
        expect(canonical).toBe(sorted(one));
        if (sorted(one) !== sorted(other)) expect(textOf(written(other, choices))).not.toBe(canonical);
      }),
    );
  },
  patienceMs,
);

function asObject(entries: [string, unknown][]): object {
  // Not by assignment: `__proto__` is a key like any other.
  return Object.defineProperties(
    {},
    Object.fromEntries(entries.map(([name, value]) => [`${name}`, { value, enumerable: true }])),
  );
}

/** The same JSON with its keys in another order and white space in all places. */
function written(value: unknown, choices: Iterator<number>): string {
  const next = (): number => choices.next().value as number;
  const space = (): string => ['', ' ', '\n', '\t', '\r\n', '  '][next()] as string;
  const all = (parts: string[]): string => parts.map((part) => space() + part + space()).join(',') + space();
  if (Array.isArray(value)) return `[${all(value.map((one) => written(one, choices)))}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, one]) => ({ rank: next(), name, one }));
  entries.sort((one, other) => one.rank - other.rank);
  return `{${all(entries.map(({ name, one }) => `${JSON.stringify(name)}${space()}:${space()}${written(one, choices)}`))}}`;
}

/** A plain way to the same end, for numbers that JavaScript can tell apart. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${sorted((value as Record<string, unknown>)[name])}`).join(',')}}`;
}
