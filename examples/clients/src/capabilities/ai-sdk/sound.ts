/** The AI SDK: pictures, speech and decisions, which are answers of models with something else than text in them. */

import { experimental_decide as decide, generateImage, generateSpeech, transcribe } from 'ai';
import type { AiSdkUses } from './ai-sdk.ts';

const model = 'gemini-2.5-flash';

/** The rows about them. */
export const soundUses: AiSdkUses<'images' | 'speech' | 'transcription' | 'decisions'> = {
  async *images(google) {
    yield (await generateImage({ model: google.image(model), prompt: 'A sunset', maxRetries: 0 })).image;
  },
  async *speech(google) {
    yield (await generateSpeech({ model: google.speech(model), text: 'Hello', maxRetries: 0 })).audio;
  },
  async *transcription(google) {
    const audio = new Uint8Array(64);
    yield (await transcribe({ model: google.transcription(model), audio, maxRetries: 0 })).text;
  },
  async *decisions(google) {
    const questions = { blue: { type: 'boolean', instructions: 'Is the sky blue?' } } as const;
    yield await decide({
      model: google.decisionModel('gemini-decision-1'),
      state: 'The sky',
      questions,
      maxRetries: 0,
    });
  },
};
