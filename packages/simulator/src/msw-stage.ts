import { PeerLeft, Presence } from './wire/presence.ts';
import type { Stage, StageObserver } from './wire/stage.ts';

/** What belongs to a connection, and means nothing where there is none. */
const connectionFields: ReadonlySet<string> = new Set(['transfer-encoding', 'connection']);

/** Statuses whose answers have no body, which `Response` insists on. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A stage that ends in a `Response`: no socket, so nothing here can be cut, reset or garbled. Steps that would need
 * that are refused before they are played.
 *
 * Writes do not wait for the reader: msw takes in whatever comes, so there is nobody who could hold them back.
 */
export class ResponseStage implements Stage {
  /** Resolves with the head of the answer. Never rejects. */
  readonly response: Promise<Response>;
  readonly #observer: StageObserver;
  readonly #presence = new Presence();
  #answer: (response: Response) => void = () => {};
  #body: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(observer: StageObserver) {
    this.#observer = observer;
    this.response = new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Ends every wait with `PeerLeft`; called when the caller aborts. */
  leave(): void {
    const left = new PeerLeft('The caller left before the answer was whole');
    this.#presence.leave(left);
    // Nobody waits for it any more, but msw would report a rejection as a fault of the handler.
    this.#answer(Response.error());
    this.#end((body) => body.error(left));
  }

  /** Ends the body: everything has been written. */
  end(): void {
    this.#end((body) => body.close());
  }

  /** Shows what is wrong with an answer that cannot be made, or breaks one that was begun. */
  fail(error: unknown): void {
    this.#answer(new Response(`${error}\n`, { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' } }));
    this.#end((body) => body.error(error));
  }

  async head(status: number, headers: readonly (readonly [string, string])[]): Promise<void> {
    this.#requireReader();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller;
      },
      cancel: () => {
        this.#body = null;
        this.leave();
      },
    });
    const kept = headers.filter(([name]) => !connectionFields.has(name.toLowerCase()));
    const init = { status, headers: kept.map(([name, value]): [string, string] => [name, value]) };
    this.#answer(new Response(bodiless.has(status) ? null : body, init));
  }

  async body(bytes: Uint8Array): Promise<void> {
    this.#requireReader();
    this.#body?.enqueue(bytes);
    this.#observer.onBodyBytes(bytes.length);
  }

  chunk(bytes: Uint8Array): Promise<void> {
    return this.body(bytes);
  }

  async lastChunk(): Promise<void> {}

  silence(ms: number): Promise<void> {
    return this.#presence.silence(ms);
  }

  silenceForEver(): Promise<never> {
    return this.#presence.silenceForEver();
  }

  /** An answer of one's own may say `Connection: close`; here that is the end of its body. */
  async close(): Promise<void> {}

  async raw(): Promise<void> {
    throw new Error('Bytes that are no HTTP need a socket; startSimulator has one');
  }

  async reset(): Promise<void> {
    throw new Error('A reset needs a socket; startSimulator has one');
  }

  takeOver(): never {
    throw new Error('Another protocol needs a socket; startSimulator has one');
  }

  /** Without a socket there is no FIN. */
  ignoreFin(): void {}

  #requireReader(): void {
    if (this.#presence.left !== null) throw this.#presence.left;
  }

  #end(how: (body: ReadableStreamDefaultController<Uint8Array>) => void): void {
    const body = this.#body;
    this.#body = null;
    if (body !== null) how(body);
  }
}
