/**
 * The floor of servers that speak web standards: a `Request` in, `undici.dispatch` out, the key swapped, and a `Response` whose
 * bytes go on as they come. Nothing that is shorter keeps a reader's backpressure.
 */

import type { Dispatcher } from 'undici';
import { agent, dropped, key, origin } from './bare.ts';

/** Bytes that wait for the reader before the provider is held. */
const highWaterBytes = 65_536;
const byBytes = { highWaterMark: highWaterBytes, size: (chunk?: Uint8Array): number => chunk?.length ?? 0 };

/** Passes one request on. */
export async function passOnRequest(request: Request): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const { url } = request;
  const path = url.slice(url.indexOf('/', url.indexOf('//') + 2));
  const headers = ['x-goog-api-key', key];
  for (const [name, value] of request.headers) if (!dropped.has(name)) headers.push(name, value);
  const method = request.method as Dispatcher.HttpMethod;
  return new Promise((resolve, reject) => {
    agent.dispatch({ origin, path, method, headers, body }, new Pour(resolve, reject));
  });
}

class Pour implements Dispatcher.DispatchHandler {
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: Error) => void;
  #reader!: ReadableStreamDefaultController<Uint8Array>;

  constructor(resolve: (response: Response) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {}

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    fields: Record<string, string | string[]>,
  ): void {
    const headers = new Headers();
    for (const name in fields) {
      if (name !== 'connection' && name !== 'transfer-encoding') headers.append(name, String(fields[name]));
    }
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (reader) => {
          this.#reader = reader;
        },
        pull: () => controller.resume(),
        cancel: () => controller.abort(new Error('the client has left')),
      },
      byBytes,
    );
    this.#resolve(new Response(stream, { status, headers }));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#reader.enqueue(chunk);
    if ((this.#reader.desiredSize ?? 0) <= 0) controller.pause();
  }

  onResponseEnd(): void {
    this.#reader.close();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
    this.#reader?.error(error);
  }
}
