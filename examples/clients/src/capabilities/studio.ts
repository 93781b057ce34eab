/** What the simulated models have no voice and no brush for: fixed answers in the form in which Google gives them. */

import type { SimulatedProject, Step } from '@sluice/simulator';
import { json, OpenaiShelf } from './studio-openai.ts';

/** One transparent pixel. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const silence = Buffer.alloc(480).toString('base64');
const usageMetadata = { promptTokenCount: 4, candidatesTokenCount: 258, totalTokenCount: 262 };

const answers: readonly (readonly [asked: RegExp, body: RegExp, answer: unknown])[] = [
  [/:generateContent$/, /"responseModalities":\["IMAGE"/, generated('image/png', pixel)],
  [/:generateContent$/, /"responseModalities":\["AUDIO"/, generated('audio/L16;codec=pcm;rate=24000', silence)],
  [/\/openai\/images\/generations$/, /./, { created: 1_795_000_000, data: [{ b64_json: pixel }] }],
  [/\/decisions$/, /./, { answers: { blue: { type: 'noul', noul: 0.9 } }, usage: { total_input_tokens: 4 } }],
];

/** A step of a plan: such an answer, or whatever the simulator says itself. */
export function studioOf(projects: readonly SimulatedProject[]): Step {
  const shelf = new OpenaiShelf(projects);
  return (request) => {
    const path = request.target.split('?')[0] ?? '';
    const body = Buffer.from(request.body).toString('latin1');
    const known = answers.find(([asked, words]) => asked.test(path) && words.test(body));
    // Nothing is told to whom the simulator would not know.
    if (known !== undefined && request.key !== null) return json(200, known[2]);
    return shelf.answer(request) ?? 'ok';
  };
}

function generated(mimeType: string, data: string): unknown {
  const content = { role: 'model', parts: [{ inlineData: { mimeType, data } }] };
  return { candidates: [{ content, finishReason: 'STOP', index: 0 }], usageMetadata, modelVersion: 'studio' };
}
