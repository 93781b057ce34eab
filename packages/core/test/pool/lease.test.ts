import { expect, test } from 'vitest';
import * as trouble from '../../src/attempt/trouble.ts';
import type { TokenUsage } from '../../src/events.ts';
import { type Failure, failure } from '../../src/failure.ts';
import { ownLimit } from '../../src/plan/time-limit.ts';
import { spentBy } from '../../src/pool/lease.ts';
import { geminiProvider } from '../../src/provider/gemini/provider.ts';

const usage: TokenUsage = { prompt: 100, candidates: 20, thoughts: 5, cached: 60, tools: 3 };
const reserved = 1_000;

const refused = (status: number, message: string): Failure =>
  geminiProvider.classify({
    status,
    text: JSON.stringify({ error: { code: status, message, status: 'X' } }),
    retryAfter: null,
    namesResource: false,
    nowMs: 0,
  });
const broken = (code: string, hasHead: boolean): Failure =>
  trouble.transportFailure(Object.assign(new Error('x'), { code }), hasHead);

const all = { requests: 1, tokens: reserved };
const used = { requests: 1, tokens: 128 };
const nothing = { requests: 0, tokens: 0 };

test.each<[what: string, failed: Failure | null, usage: TokenUsage | null, spent: object]>([
  ['a whole answer costs what it says that it used; cached tokens count once', null, usage, used],
  ['a whole answer that says nothing costs what was reserved', null, null, all],
  ['an answer that broke after it had said what it used costs that', trouble.truncated('x'), usage, used],
  ['an answer that broke before costs what was reserved', trouble.truncated('x'), null, all],
  ['a quota that was used up at the provider was not used', refused(429, 'Resource has been exhausted'), null, nothing],
  ['nor by a wrong key', refused(400, 'API key not valid. Please pass a valid API key.'), null, nothing],
  ['nor by a suspended project', refused(403, 'Your project has been denied access'), null, nothing],
  ['nor by a model without capacity', refused(503, 'The model is overloaded.'), null, nothing],
  [
    "a request that is the caller's own fault is a request without tokens",
    refused(400, 'Bad argument'),
    null,
    { requests: 1, tokens: 0 },
  ],
  ['a fault of the provider proves nothing', refused(500, 'An internal error has occurred.'), null, all],
  ['nor does a front end that gave up waiting', refused(504, 'x'), null, all],
  ['no connection, no call', broken('ECONNREFUSED', false), null, nothing],
  ['a connection that broke before the answer may have brought the call', broken('ECONNRESET', false), null, all],
  ['an open breaker lets nothing through', trouble.circuitOpen('flash', 1_000), null, nothing],
  ['a silence that was too long may have been work', trouble.silence('headers', 1_000), null, all],
  ['the deadline of the request as well', trouble.outOfTime(ownLimit(1_000)), null, all],
  ['nothing was sent when too little time was left', trouble.tooLate(ownLimit(1_000), 200), null, nothing],
  ['nor when the request had ended before', trouble.endedBefore(new Error('x')), null, nothing],
  ['a client that hung up may have been billed', trouble.endedBy(new Error('gone')), null, all],
  ['a client that reads too slowly has been', trouble.silence('slow-reader', 1_000), null, all],
  [
    'an error of our own proves nothing',
    failure('unexpected', 'upstream_protocol', 'x', { scope: 'gateway' }),
    null,
    all,
  ],
])('%s', (_, failed, said, spent) => {
  expect(spentBy(failed, said, reserved)).toEqual(spent);
});
