/** Paths that clients come to by a base URL that is not quite right: to say what is right helps more than a 404 of the provider. */

import { SluiceError } from '../errors.ts';

interface Mistake {
  readonly path: RegExp;
  readonly help: string;
}

const mistakes: readonly Mistake[] = [
  {
    path: /^\/(?:upload\/)?v[0-9][a-z0-9]*\/(?:upload\/)?v[0-9][a-z0-9]*(?:\/|$)/,
    help: 'It has two versions: this client adds one itself, so leave it out of the base URL.',
  },
  {
    path: /^\/v1\/(?:chat\/completions|completions|embeddings|responses|moderations)$/,
    help: 'Gemini speaks the language of OpenAI under another base URL: it ends in /v1beta/openai/.',
  },
  {
    path: /^\/v1\/messages(?:\/|$)/,
    help: 'This gateway has no Anthropic API. Gemini is at /v1beta/models, OpenAI at /v1beta/openai/.',
  },
];

/** @throws SluiceError `not_found` that says how the base URL should be */
export function assertDirected(path: string): void {
  for (const mistake of mistakes)
    if (mistake.path.test(path))
      throw new SluiceError('not_found', `No route for ${path.slice(0, 128)}. ${mistake.help}`);
}
