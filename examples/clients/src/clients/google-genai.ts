import { type Content, type FunctionDeclaration, GoogleGenAI } from '@google/genai';
import { type Client, type Connection, weather } from '../contract.ts';

/** Google's own SDK, as of today. */
export const googleGenai: Client = {
  name: '@google/genai',
  packages: ['@google/genai'],
  connect: ({ url, key }) => connection(new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } })),
};

/** What is used of the SDK, and is the same in all of its versions. */
export type Models = Pick<GoogleGenAI['models'], 'generateContent' | 'generateContentStream'>;

const { name, description, parameters: parametersJsonSchema, result } = weather;
const declaration: FunctionDeclaration = { name, description, parametersJsonSchema };
const config = { tools: [{ functionDeclarations: [declaration] }] };

/** The calls of the SDK, whatever its version. */
export function connection({ models }: { readonly models: Models }): Connection {
  return {
    async *unary({ model, prompt }) {
      const response = await models.generateContent({ model, contents: prompt });
      yield { text: response.text, response };
    },
    async *streamed({ model, prompt }) {
      for await (const chunk of await models.generateContentStream({ model, contents: prompt })) {
        yield { text: chunk.text, chunk };
      }
    },
    async *tools({ model, prompt }) {
      const question: Content = { role: 'user', parts: [{ text: prompt }] };
      const first = await models.generateContent({ model, contents: [question], config });
      yield { calls: first.functionCalls, response: first };
      const call = first.candidates?.[0]?.content ?? {};
      const answer: Content = { role: 'user', parts: [{ functionResponse: { name, response: { ...result } } }] };
      const second = await models.generateContent({ model, contents: [question, call, answer], config });
      yield { text: second.text, response: second };
    },
    async *toolsStreamed({ model, prompt }) {
      for await (const chunk of await models.generateContentStream({ model, contents: prompt, config })) {
        yield { calls: chunk.functionCalls, chunk };
      }
    },
  };
}
