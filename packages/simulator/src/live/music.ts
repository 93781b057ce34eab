/** What a model for music says: a filter for prompts that have no weight, and chunks of silence while it plays. */

import { type Fields, field, isFields, list, text } from '../gemini/body.ts';

const mimeType = 'audio/l16;rate=48000;channels=2';
/** 10 ms of silence. */
const silence = Buffer.alloc(480 * 4).toString('base64');

/** The messages that answer one of the client's. */
export function musicFor(fields: Fields): Fields[] {
  const prompts = list(field(fields, 'clientContent'), 'weightedPrompts');
  const weightless = prompts.find((prompt) => field(prompt, 'weight') === 0);
  if (weightless !== undefined) {
    const filteredReason = 'A weighted prompt must have a weight other than 0.';
    return [{ filteredPrompt: { text: text(weightless, 'text') ?? '', filteredReason } }];
  }
  if (text(fields, 'playbackControl') !== 'PLAY') return [];
  const config = field(fields, 'musicGenerationConfig');
  const sourceMetadata = isFields(config) ? { musicGenerationConfig: config } : {};
  const chunk = { data: silence, mimeType, sourceMetadata };
  return [{ serverContent: { audioChunks: [chunk] } }, { serverContent: { audioChunks: [chunk] } }];
}
