import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import * as z from 'zod';
import { type Connection, weather } from '../contract.ts';

const tools = [
  tool(() => JSON.stringify(weather.result), {
    name: weather.name,
    description: weather.description,
    schema: z.object({ city: z.string() }),
  }),
];

/** The calls of LangChain, whatever stands behind them. */
export function langchainConnection(modelNamed: (model: string) => BaseChatModel): Connection {
  const withTools = (model: string) => {
    const bound = modelNamed(model).bindTools?.(tools);
    if (bound === undefined) throw new Error('This chat model takes no tools');
    return bound;
  };
  return {
    async *unary({ model, prompt }) {
      const message = await modelNamed(model).invoke(prompt);
      yield { text: message.text, message };
    },
    async *streamed({ model, prompt }) {
      for await (const chunk of await modelNamed(model).stream(prompt)) yield { text: chunk.text, chunk };
    },
    async *tools({ model, prompt }) {
      const question = new HumanMessage(prompt);
      const first = await withTools(model).invoke([question]);
      yield { calls: first.tool_calls, message: first };
      const [call] = first.tool_calls ?? [];
      const content = JSON.stringify(weather.result);
      const result = new ToolMessage({ content, tool_call_id: call?.id ?? '', name: weather.name });
      const second = await withTools(model).invoke([question, first, result]);
      yield { text: second.text, message: second };
    },
    async *toolsStreamed({ model, prompt }) {
      for await (const chunk of await withTools(model).stream(prompt)) yield { calls: chunk.tool_calls, chunk };
    },
  };
}
