import OpenAI from 'openai';
import { type Client, weather } from '../contract.ts';

type Message = OpenAI.ChatCompletionMessageParam;

const { name, description, parameters, result } = weather;
const tools: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name, description, parameters: { ...parameters } } },
];

/** OpenAI's SDK at the endpoint that Google keeps for it. */
export const openai: Client = {
  name: 'openai',
  packages: ['openai'],
  connect({ url, key }) {
    const { completions } = new OpenAI({ apiKey: key, baseURL: `${url}/v1beta/openai/`, maxRetries: 0 }).chat;
    const asked = (content: string): Message => ({ role: 'user', content });
    return {
      async *unary({ model, prompt }) {
        yield await completions.create({ model, messages: [asked(prompt)] });
      },
      async *streamed({ model, prompt }) {
        yield* await completions.create({ model, messages: [asked(prompt)], stream: true });
      },
      async *tools({ model, prompt }) {
        const first = await completions.create({ model, messages: [asked(prompt)], tools });
        yield first;
        const message = first.choices[0]?.message;
        if (message === undefined) return;
        const tool_call_id = message.tool_calls?.[0]?.id ?? '';
        const answered: Message = { role: 'tool', tool_call_id, content: JSON.stringify(result) };
        yield await completions.create({ model, messages: [asked(prompt), message, answered], tools });
      },
      async *toolsStreamed({ model, prompt }) {
        yield* await completions.create({ model, messages: [asked(prompt)], tools, stream: true });
      },
    };
  },
};
