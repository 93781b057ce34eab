import { type FunctionDeclaration, GoogleGenerativeAI, SchemaType } from '@google/generative-ai';
import { type Client, weather } from '../contract.ts';

const { name, description, parameters, result } = weather;
const declaration: FunctionDeclaration = {
  name,
  description,
  parameters: {
    type: SchemaType.OBJECT,
    properties: { city: { type: SchemaType.STRING, description: parameters.properties.city.description } },
    required: [...parameters.required],
  },
};
const tools = [{ functionDeclarations: [declaration] }];

/** The SDK before `@google/genai`, no longer developed and still much installed. */
export const generativeAi: Client = {
  name: '@google/generative-ai',
  packages: ['@google/generative-ai'],
  connect({ url, key }) {
    const modelNamed = (model: string) => new GoogleGenerativeAI(key).getGenerativeModel({ model }, { baseUrl: url });
    return {
      async *unary({ model, prompt }) {
        const { response } = await modelNamed(model).generateContent(prompt);
        yield { text: response.text(), response };
      },
      async *streamed({ model, prompt }) {
        const { stream, response } = await modelNamed(model).generateContentStream(prompt);
        // It breaks together with the stream, which is where that is read.
        response.catch(() => {});
        for await (const chunk of stream) yield { text: chunk.text(), chunk };
      },
      async *tools({ model, prompt }) {
        const chat = modelNamed(model).startChat({ tools });
        const first = (await chat.sendMessage(prompt)).response;
        yield { calls: first.functionCalls(), response: first };
        const second = (await chat.sendMessage([{ functionResponse: { name, response: result } }])).response;
        yield { text: second.text(), response: second };
      },
      async *toolsStreamed({ model, prompt }) {
        const contents = [{ role: 'user', parts: [{ text: prompt }] }];
        const { stream, response } = await modelNamed(model).generateContentStream({ contents, tools });
        response.catch(() => {});
        for await (const chunk of stream) yield { calls: chunk.functionCalls(), chunk };
      },
    };
  },
};
