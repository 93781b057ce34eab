import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gemini } from '../../../src/dialect/gemini/dialect.ts';
import { geminiProvider } from '../../../src/provider/gemini/provider.ts';
import type { ErrorAnswer } from '../../../src/provider/provider.ts';
import { Scan } from '../../../src/stream/scan.ts';
import { answerOf, denied, googleError } from './refusal.ts';
import { refusals } from './refusals.ts';

/** Sentences that mean something where Google says them of itself. */
const loaded = refusals
  .flatMap(({ body }) => {
    const { error } = (Array.isArray(body) ? body[0] : body) as { error?: { message?: unknown } };
    return typeof error?.message === 'string' ? [error.message, JSON.stringify(body)] : [];
  })
  .concat(['API_KEY_INVALID', 'limit: 0', 'quota limit: 0', 'PerDay', 'MODEL_CAPACITY_EXHAUSTED', 'spending cap']);

/** Whatever a caller may write into a body, a file's name or a model's. */
const words = fc.oneof(fc.constantFrom(...loaded), fc.string({ unit: 'grapheme', maxLength: 60 }), fc.json());
const badRequest = (description: string) => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations: [{ field: description, description }],
});
const debug = (detail: string) => ({ '@type': 'type.googleapis.com/google.rpc.DebugInfo', detail });
const help = (description: string) => ({
  '@type': 'type.googleapis.com/google.rpc.Help',
  links: [{ description, url: description }],
});

/** How Google refuses what a caller did wrong; most of these repeat what the caller wrote. */
const sentences: readonly ((said: string) => [code: number, status: string, message: string])[] = [
  (said) => [400, 'INVALID_ARGUMENT', `Invalid JSON payload received. Unknown name "${said}": Cannot find field.`],
  (said) => [
    400,
    'INVALID_ARGUMENT',
    `Invalid JSON payload received. Expected , or } after key:value pair.\n${said}\n^`,
  ],
  (said) => [400, 'INVALID_ARGUMENT', `Invalid value at 'safety_settings[0].threshold' (TYPE_ENUM), "${said}"`],
  (said) => [400, 'INVALID_ARGUMENT', `* GenerateContentRequest.model: unexpected model name format: ${said}`],
  (said) => [400, 'INVALID_ARGUMENT', `Unable to submit request because ${said}`],
  (said) => [400, 'INVALID_ARGUMENT', `Function call ${said} is missing a thought_signature in functionCall parts.`],
  () => [400, 'INVALID_ARGUMENT', 'Corrupted thought signature.'],
  () => [
    400,
    'INVALID_ARGUMENT',
    'The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).',
  ],
  (said) => [400, 'FAILED_PRECONDITION', `The File ${said} is not in an ACTIVE state and usage is not allowed.`],
  (said) => [400, 'OUT_OF_RANGE', `Page token ${said} is out of range.`],
  (said) => [
    404,
    'NOT_FOUND',
    `models/${said} is not found for API version v1beta, or is not supported for generateContent.`,
  ],
  () => [404, 'NOT_FOUND', 'Requested entity was not found.'],
  (said) => [405, 'UNIMPLEMENTED', `Method ${said} not allowed.`],
  (said) => [409, 'ALREADY_EXISTS', `Resource already exists: files/${said}`],
  (said) => [409, 'ABORTED', `The operation on ${said} was aborted.`],
  () => [413, 'INVALID_ARGUMENT', 'Request payload size exceeds the limit: 20971520 bytes.'],
  (said) => [416, 'OUT_OF_RANGE', `Invalid byte range ${said}`],
  (said) => [422, 'INVALID_ARGUMENT', `Unprocessable: ${said}`],
];

/** On a resource that belongs to somebody else, or to nobody. */
const denials: readonly ((said: string) => string)[] = [
  (said) => `You do not have permission to access the File ${said} or it may not exist.`,
  (said) => `You do not have permission to access tuned model ${said}`,
  (said) => `Permission denied on resource ${said} (or it may not exist).`,
  (said) => `CachedContent not found (or permission denied): ${said}`,
];

const google = fc.tuple(fc.constantFrom(...sentences), words, fc.boolean()).map(([sentence, said, isDetailed]) => {
  const [code, status, message] = sentence(said);
  const details = isDetailed ? [badRequest(said), debug(said), help(said)] : [];
  return answerOf({ status: code, body: googleError(code, status, message, ...details) });
});

const interactions = fc
  .tuple(
    fc.constantFrom<[number, string]>(
      [400, 'invalid_request'],
      [400, 'failed_precondition'],
      [400, 'parameter_unknown'],
      [416, 'out_of_range'],
      [404, 'not_found'],
      [404, 'model_not_found'],
      [409, 'already_exists'],
      [409, 'aborted'],
    ),
    words,
  )
  .map(([[status, code], said]) => answerOf({ status, body: { error: { code, message: `Invalid: ${said}` } } }));

const deniedResource = fc
  .tuple(fc.constantFrom(...denials), words)
  .map(([denial, said]) =>
    answerOf({ status: 403, body: denied(denial(said), debug(said)), more: { namesResource: true } }),
  );

/** The upload backend answers in plain text, front ends in pages, and connections break in the middle of both. */
const unreadable = fc
  .tuple(fc.constantFrom(400, 404, 405, 409, 411, 413, 415, 416, 422), words, fc.nat({ max: 200 }))
  .map(([status, said, kept]) => {
    const whole = JSON.stringify(googleError(status, 'INVALID_ARGUMENT', `Bad Request: ${said}`), null, 2);
    return { status, said, whole, kept };
  })
  .chain(({ status, said, whole, kept }) =>
    fc
      .constantFrom(`Bad Request: ${said}`, `<!DOCTYPE html><title>${said}</title>`, whole.slice(0, kept), '')
      .map((body) => answerOf({ status, body })),
  );

const fault: fc.Arbitrary<ErrorAnswer> = fc
  .tuple(
    fc.oneof(google, interactions, deniedResource, unreadable),
    fc.option(fc.constantFrom('0', '30', '86400', 'x')),
  )
  .map(([answer, retryAfter]) => ({ ...answer, retryAfter }));

describe("a caller's fault hurts nobody", () => {
  test('no sequence of them rests a key, a project or a quota, or counts against a model or a host', () => {
    fc.assert(
      fc.property(fc.array(fault, { minLength: 1, maxLength: 20 }), (faults) => {
        for (const one of faults) {
          expect(geminiProvider.classify(one)).toMatchObject({
            scope: 'request',
            again: 'never',
            restMs: 0,
            endedBy: 'time',
            consumer: null,
          });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  const verdicts = [
    { promptFeedback: { blockReason: 'SAFETY' } },
    { candidates: [], promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } },
    ...['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'LANGUAGE', 'IMAGE_SAFETY'].map(
      (finishReason) => ({ candidates: [{ finishReason, index: 0 }] }),
    ),
  ];

  test.each(verdicts)('a block for its content is a whole answer and no failure: %j', (body) => {
    for (const text of [JSON.stringify(body), `data: ${JSON.stringify(body)}\r\n\r\n`, `[${JSON.stringify(body)}\n]`]) {
      const scan = new Scan(gemini.grammar);
      scan.feed(new TextEncoder().encode(text));
      expect(scan).toMatchObject({ isFinished: true, isError: false });
    }
  });
});
