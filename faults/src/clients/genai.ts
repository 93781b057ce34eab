/** Google's own SDK, told nothing but where the gateway is: by base URL over a socket, by `fetch` in process. */

import { ApiError, type GenerateContentResponse, GoogleGenAI, type HttpOptions } from '@google/genai';
import type { SeenAnswer } from '../seen.ts';
import { type Client, callerKey, model, wordsOf } from './client.ts';

/** Calls through `@google/genai`. It has no form `array`. */
export function genaiClient(httpOptions: HttpOptions): Client {
  const { models } = new GoogleGenAI({ apiKey: callerKey, httpOptions });
  return {
    name: 'sdk',
    ask(form, prompt) {
      const left = new AbortController();
      const parameters = { model, contents: prompt, config: { abortSignal: left.signal } };
      const told: GenerateContentResponse[] = [];
      const read = async (): Promise<void> => {
        if (form === 'unary') return void told.push(await models.generateContent(parameters));
        for await (const one of await models.generateContentStream(parameters)) told.push(one);
      };
      return {
        answer: read().then(
          () => seen(told, null),
          (error: unknown) => seen(told, error),
        ),
        get received() {
          return told.length;
        },
        leave: () => left.abort(),
      };
    },
  };
}

function seen(told: readonly GenerateContentResponse[], error: unknown): SeenAnswer {
  const texts = told.map(({ candidates }) =>
    candidates?.[0]?.content?.parts?.map(({ text, thought }) => (thought ? '' : (text ?? ''))),
  );
  const status = error instanceof ApiError ? error.status : 0;
  return {
    by: 'sdk',
    status: error === null ? 200 : status,
    text: texts.flat().join(''),
    hasFinish: told.some(
      ({ candidates, promptFeedback }) => candidates?.[0]?.finishReason || promptFeedback?.blockReason,
    ),
    end: error === null ? 'whole' : 'broken',
    transcript: `${JSON.stringify(told).slice(0, 1_000_000)}\n${error === null ? '' : wordsOf(error)}`,
  };
}
