/** What the first table asks of every client, asked here of a pool. */

import { type Ask, type CallName, type Client, weather } from '../contract.ts';
import type { Use } from './use.ts';

const model = 'gemini-2.5-flash';
const question: Ask = { model, prompt: 'Why is the sky blue?' };
const tooled: Ask = { model, prompt: `Please ask ${weather.name} about the weather.` };

/** The rows about prompts, with the calls that a client has. */
export function promptUses(client: Client): Record<'text' | 'tools', Use> {
  const calls = (ask: Ask, names: readonly CallName[]): Use =>
    async function* (place) {
      const connection = client.connect(place);
      for (const name of names) if (client.lacks?.[name] === undefined) yield* connection[name](ask);
    };
  return { text: calls(question, ['unary', 'streamed']), tools: calls(tooled, ['tools', 'toolsStreamed']) };
}
