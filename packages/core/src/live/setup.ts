/** THE FIRST FRAME: what the client wants to talk about. It is read and goes up as it came but for an alias. */

import type { Frame } from '../channel.ts';
import { SluiceError } from '../errors.ts';

/** What a setup says that matters here. */
export interface Setup {
  readonly frame: Frame;
  /** As the provider knows it, without `models/`; null where none is named, or something that is no model's name. */
  readonly model: string | null;
}

const modelName = /^(?:models\/)?([A-Za-z0-9][\w.-]{0,127})$/;
/** These live in one project and are known by their whole name. */
const tunedModel = /^(?:tunedModels|dynamic)\/[A-Za-z0-9][\w.-]{0,127}$/;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws SluiceError `invalid_request` for what is no JSON, and for any other message: nothing goes up before a setup */
export function readSetup(frame: Frame): Setup {
  const message = parsed(frame.data);
  const setup = isFields(message) ? message.setup : undefined;
  if (!isFields(setup)) {
    throw new SluiceError(
      'invalid_request',
      'The first message must be {"setup": {…}}, and this one is something else.',
    );
  }
  return { frame, model: modelOf(setup.model) };
}

function parsed(data: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(data));
  } catch {
    throw new SluiceError('invalid_request', 'The first message is no JSON. It must be {"setup": {…}}.');
  }
}

function modelOf(model: unknown): string | null {
  if (typeof model !== 'string') return null;
  return modelName.exec(model)?.[1] ?? tunedModel.exec(model)?.[0] ?? null;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
