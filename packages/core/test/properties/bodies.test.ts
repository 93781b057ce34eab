import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fields, fieldWords } from '../../src/affinity/fields.ts';
import { LooseWalk, looseText } from '../../src/affinity/loose-json.ts';
import { mayNameResources } from '../../src/affinity/marks.ts';
import { referencesOf } from '../../src/affinity/references.ts';
import { isSluiceError } from '../../src/errors.ts';
import { estimateTokens } from '../../src/quota/estimate.ts';
import { modelInBody } from '../../src/surface/model-in-body.ts';
import { noise } from './noise.ts';
import { check, patienceMs } from './runs.ts';
import { Tape, tapes } from './tape.ts';

/** A text of a body, and the known key that it stands under. */
interface Told {
  readonly key: string;
  readonly text: string;
  readonly depth: number;
}

const keys = [...fields.keys(), 'args', 'functionCall', 'a', 'x'.repeat(90), 'é', 'parts', 'contents', 'text', ''];
const texts = [
  'files/abc',
  '',
  'a"b\\',
  '{"fileUri":"files/x"}',
  "it's: so",
  '😀\u2028',
  'data:;base64,',
  '\n',
  'models/a',
];
const generateCall = { path: '/v1beta/models/gemini-2.5-flash:generateContent', query: [] };

describe('the lenient reader of bodies', { timeout: patienceMs }, () => {
  test('tells of valid JSON what a parser tells, in the same order, however it is written', () => {
    check(
      'loose JSON, valid',
      fc.property(tapes(120), (bytes) => {
        const tape = new Tape(bytes);
        const value = makeValue(tape, 0);
        const body = Buffer.from(written(value, tape));
        const told = toldOf(body);
        expect(told).toEqual([...parsedTexts(JSON.parse(body.toString()), 0, '')]);
        const namesSomething = told.some(({ key }) => fields.has(key) && key !== 'model');
        if (namesSomething) expect(mayNameResources(body)).toBe(true);
      }),
    );
  });

  test('never throws and always ends, whatever it is given', () => {
    check(
      'loose JSON, broken',
      fc.property(tapes(120), fc.nat(), (bytes, cut) => {
        const tape = new Tape(bytes);
        const body = tape.isOneIn(3) ? noise(tape) : Buffer.from(written(makeValue(tape, 0), tape));
        const half = body.subarray(0, cut % (body.length + 1));
        toldOf(half);
        mayNameResources(half);
        for (const contentType of ['application/json', 'application/x-www-form-urlencoded']) {
          expect(refused(() => void referencesOf(generateCall, half, contentType))).toBeNull();
        }
      }),
    );
  });

  test('finds the model at the root, wherever it stands', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_./-]{0,134}$/, { size: 'max' });
    check(
      'models in bodies',
      fc.property(name, tapes(40), (model, bytes) => {
        const tape = new Tape(bytes);
        const before = tape.several(3, () => [tape.pick(keys.filter((key) => key !== 'model')), makeValue(tape, 1)]);
        const entries = [...before, ['model', model], ['messages', [{ model: 'other' }]]] as [string, unknown][];
        const body = written(Object.fromEntries(entries), new Tape(new Uint8Array()), tape.isOneIn(2) ? 2 : undefined);
        expect(modelInBody(Buffer.from(body))).toBe(model);
        modelInBody(noise(tape));
      }),
    );
  });

  test('guesses a whole number of tokens that does not exceed the body, its files and the limit asked for', () => {
    check(
      'estimates',
      fc.property(tapes(120), fc.nat(999_999_999), fc.nat(400), (bytes, limit, fileBytes) => {
        const file = JSON.stringify({ data: 'A'.repeat(fileBytes), maxOutputTokens: limit });
        const body = Buffer.concat([noise(new Tape(bytes)), Buffer.from(file)]);
        const tokens = estimateTokens(body);
        expect(Number.isSafeInteger(tokens)).toBe(true);
        expect(tokens).toBeGreaterThanOrEqual(0);
        expect(tokens).toBeLessThanOrEqual(Math.ceil(body.length / 4) + 1_000 + limit);
        expect(estimateTokens(body.subarray(0, body.length >> 1))).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

function makeValue(tape: Tape, depth: number): unknown {
  const kind = tape.below(depth > 5 ? 3 : 6);
  if (kind === 0) return tape.pick(texts);
  if (kind === 1) return tape.pick([0, -1.5e-7, true, null, 12, '']);
  if (kind === 2) return tape.pick(texts);
  if (kind === 3) return tape.several(3, () => makeValue(tape, depth + 1));
  return Object.fromEntries(tape.several(4, () => [tape.pick(keys), makeValue(tape, depth + 1)]));
}

/** As JSON, with blanks and escapes where they change nothing. */
function written(value: unknown, tape: Tape, indent: number | undefined = tape.isOneIn(2) ? 2 : undefined): string {
  const text = JSON.stringify(value, null, indent);
  if (!tape.isOneIn(3)) return text;
  const at = tape.below(256);
  const letters = text.slice(at).search(/[a-z](?=[A-Za-z]*":)/);
  if (letters < 0) return text;
  const place = at + letters;
  // Not a letter that is the end of an escape.
  if (/\\(?:u[0-9a-f]{0,3})?$/.test(text.slice(0, place))) return text;
  return `${text.slice(0, place)}\\u00${text.charCodeAt(place).toString(16)}${text.slice(place + 1)}`;
}

function toldOf(body: Uint8Array): Told[] {
  const told: Told[] = [];
  const walk = new LooseWalk(body, fieldWords, {
    text(at, from, to) {
      told.push({ key: at.key(at.depth), text: looseText(body, from, to), depth: at.depth });
      return false;
    },
  });
  walk.run();
  return told;
}

function* parsedTexts(value: unknown, depth: number, key: string): Iterable<Told> {
  if (typeof value === 'string') yield { key: knownWord(key), text: value, depth };
  else if (Array.isArray(value)) for (const one of value) yield* parsedTexts(one, depth + 1, key);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, one] of Object.entries(value)) yield* parsedTexts(one, depth + 1, name);
  }
}

/** Only words that mean something are told. */
function knownWord(word: string): string {
  const bytes = Buffer.from(word);
  return fieldWords.find(bytes, 0, bytes.length);
}

/** What was thrown beside a refusal that the caller may see. */
function refused(run: () => void): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return isSluiceError(error, 'invalid_request') ? null : error;
  }
}
