/** Uploads as clients make them: which part of one a request is, and how its body is taken. */

import { SluiceError } from '../errors.ts';
import type { HeaderBag } from '../wire.ts';
import type { Call } from './surface.ts';
import type { QueryParameter, Target } from './target.ts';

/** Where uploads go, in any version. */
export const uploadPath: RegExp = /^\/upload\//;

/**
 * @param passed - the call as it is where nothing is known of it
 * @returns the start of a session or a question about it, whose bodies are short and read; or what brings a file's own
 *   bytes, which pass as they come
 * @throws SluiceError `invalid_request` for an address of two sessions: which one is meant cannot be told
 */
export function uploadCall(passed: Call, { query }: Target, method: string, headers: HeaderBag): Call {
  const session = parameter(query, 'upload_id');
  if (query.some(({ name, value }) => name === 'upload_id' && value !== session && session !== null))
    throw twoSessions();
  const commands = wordsOf(headers['x-goog-upload-command']);
  const isResumable =
    wordsOf(headers['x-goog-upload-protocol']).includes('resumable') ||
    parameter(query, 'uploadType') === 'resumable' ||
    parameter(query, 'upload_protocol') === 'resumable' ||
    commands.includes('start');
  const bringsBytes = method !== 'GET' && method !== 'HEAD' && method !== 'DELETE';
  if (session !== null) {
    const asks = commands.length === 1 && commands[0] === 'query';
    const body = bringsBytes && !asks && commands[0] !== 'cancel' ? 'stream' : 'whole';
    const repeat = asks ? 'always' : passed.repeat;
    return { ...passed, name: 'upload.session', body, answer: 'receipt', upload: { session }, repeat };
  }
  if (!bringsBytes) return passed;
  const isStart = isResumable && !commands.includes('upload');
  return {
    ...passed,
    name: isStart ? 'upload.start' : 'upload',
    body: isStart ? 'whole' : 'stream',
    answer: 'receipt',
    upload: { session: null },
  };
}

function parameter(query: readonly QueryParameter[], name: string): string | null {
  return query.find((one) => one.name === name && one.value !== '')?.value ?? null;
}

function twoSessions(): SluiceError {
  return new SluiceError('invalid_request', 'The address has two parameters upload_id that differ; send one.');
}

/** A command may be a list. */
function wordsOf(value: string | string[] | undefined): readonly string[] {
  if (value === undefined) return nothing;
  return String(value)
    .toLowerCase()
    .split(',')
    .map((word) => word.trim());
}

const nothing: readonly string[] = [];
