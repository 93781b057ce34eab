/** A client in process: a `Request` goes in, a `Response` comes out, and no socket lies in between. */

import type { SeenBytes } from '../seen.ts';
import { bodyOf, type Client, callerKey, targetOf, wordsOf } from './client.ts';

/** Calls a handler of web standards. */
export function handlerClient(handle: (request: Request) => Promise<Response>): Client {
  return {
    name: 'bytes',
    ask(form, prompt) {
      const left = new AbortController();
      const pieces: Uint8Array[] = [];
      let received = 0;
      const request = new Request(`http://gateway.test${targetOf(form)}`, {
        method: 'POST',
        body: bodyOf(prompt),
        headers: { 'content-type': 'application/json', 'x-goog-api-key': callerKey },
        signal: left.signal,
      });
      const keep = (piece: Uint8Array): void => {
        pieces.push(piece);
        received += piece.length;
      };
      return {
        answer: readAll(handle(request), pieces, keep),
        get received() {
          return received;
        },
        leave: () => left.abort(new Error('the client hung up')),
      };
    },
  };
}

async function readAll(
  answered: Promise<Response>,
  pieces: readonly Uint8Array[],
  keep: (piece: Uint8Array) => void,
): Promise<SeenBytes> {
  let response: Response | null = null;
  let words = '';
  try {
    response = await answered;
    const reader = response.body?.getReader();
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) keep(piece.value);
  } catch (error) {
    words = wordsOf(error);
  }
  const body = Buffer.concat(pieces);
  const headers = Object.fromEntries(response?.headers ?? []);
  return {
    by: 'bytes',
    status: response?.status ?? 0,
    headers,
    body,
    pieces,
    end: words === '' ? 'whole' : 'broken',
    transcript: `${JSON.stringify(headers)}\n${words}\n${body.subarray(0, 1_000_000).toString('latin1')}`,
  };
}
