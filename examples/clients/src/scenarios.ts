/** What happens to every client: what it asks for, and what Google does about it. */

import type { StepName } from '@sluice/simulator';
import { type Ask, type CallName, weather } from './contract.ts';

/** One column of the page. */
export interface Scenario {
  /** The head of its column. */
  readonly title: string;
  /** What exactly happens, for the list above the table. */
  readonly what: string;
  /** The call that is made, or the next where a client does not have it. */
  readonly calls: readonly CallName[];
  readonly ask: Ask;
  /** What the simulated Google does, attempt by attempt. */
  readonly plan: readonly StepName[];
  /** A key that nobody knows, in the place of the right one. */
  readonly hasWrongKey?: boolean | undefined;
  /** No client can finish, and which error it shows first is a matter of microseconds. */
  readonly isBroken?: boolean | undefined;
  /** How often the call is made; only the last one counts. */
  readonly times?: number | undefined;
}

const model = 'gemini-2.5-flash';
const question = { model, prompt: 'Why is the sky blue?' };
const tooled = { model, prompt: `Please ask ${weather.name} about the weather.` };
const either = ['unary', 'streamed'] as const;

/** Everything that is tried, in the order of the columns. */
export const scenarios: readonly Scenario[] = [
  { title: 'unary', what: 'an answer in one piece', calls: ['unary'], ask: question, plan: ['ok'] },
  {
    title: 'streamed',
    what: 'an answer as it comes, each piece compared',
    calls: ['streamed'],
    ask: question,
    plan: ['ok'],
  },
  {
    title: 'tools',
    what: 'the model calls a function, gets its result and answers',
    calls: ['tools'],
    ask: tooled,
    plan: ['ok'],
  },
  {
    title: 'tools, streamed',
    what: 'the model calls a function out of a stream',
    calls: ['toolsStreamed'],
    ask: tooled,
    plan: ['ok'],
  },
  {
    title: 'unknown model',
    what: 'a model that does not exist',
    calls: either,
    ask: { ...question, model: 'gemini-0' },
    plan: ['ok'],
  },
  {
    title: 'wrong key',
    what: 'a key that nobody knows',
    calls: either,
    ask: question,
    plan: ['ok'],
    hasWrongKey: true,
  },
  {
    title: '429',
    what: 'the quota is used up; Google says to come back in 17 s (`RetryInfo`)',
    calls: either,
    ask: question,
    plan: ['429'],
  },
  {
    title: '429 again',
    what: 'the same once more, before the 17 s are over',
    calls: either,
    ask: question,
    plan: ['429'],
    times: 2,
  },
  { title: '503 once', what: 'Google is overloaded for a moment', calls: either, ask: question, plan: ['503', 'ok'] },
  {
    title: 'stream cut',
    what: 'the connection is reset in the middle of a stream',
    calls: ['streamed'],
    ask: question,
    plan: ['rst-mid-stream'],
    isBroken: true,
  },
];
