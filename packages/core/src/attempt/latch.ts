/**
 * The heart: it holds an attempt's answer back until it is worth showing.
 *
 * Before that moment the attempt can be thrown away and another made, and nobody knows. After it there is no second
 * try. So the client's sink is opened exactly once, by the attempt that won.
 */

import type { Flow, HeaderBag, Sink } from '../wire.ts';

/** Held: nothing shown yet. Open: everything goes straight on. Dropped: whatever still comes is forgotten. */
type State =
  | { readonly is: 'held'; head: { status: number; headers: HeaderBag } | null; readonly chunks: Uint8Array[] }
  | { readonly is: 'open' }
  | { readonly is: 'dropped' };

/** A sink with a door that opens once. */
export class Latch implements Sink {
  #state: State = { is: 'held', head: null, chunks: [] };
  #flow: Flow | null = null;
  #heldBytes = 0;
  readonly #client: Sink;
  readonly #onRelease: () => void;

  /** @param onRelease - called once, just before the client sees the first of the answer */
  constructor(client: Sink, onRelease: () => void) {
    this.#client = client;
    this.#onRelease = onRelease;
  }

  get isOpen(): boolean {
    return this.#state.is === 'open';
  }

  /** Bytes that wait behind the latch; they count against `limits.maxAnswerBytes`. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What waits behind the latch, in order. */
  get held(): readonly Uint8Array[] {
    return this.#state.is === 'held' ? this.#state.chunks : [];
  }

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    if (this.#state.is === 'held') this.#state.head = { status, headers };
  }

  write(chunk: Uint8Array): boolean {
    switch (this.#state.is) {
      case 'open':
        return this.#client.write(chunk);
      case 'held':
        this.#state.chunks.push(chunk);
        this.#heldBytes += chunk.length;
        return true;
      case 'dropped':
        return true;
    }
  }

  /** Other bytes in place of those that are held; the head says how many they are. */
  replace(body: Uint8Array): void {
    const state = this.#state;
    if (state.is !== 'held' || state.head === null) return;
    const { 'content-encoding': _, ...headers } = state.head.headers;
    const head = { status: state.head.status, headers: { ...headers, 'content-length': String(body.length) } };
    this.#state = { is: 'held', head, chunks: [body] };
    this.#heldBytes = body.length;
  }

  /** Shows what is held, and from now on everything at once. @returns false when the client is already full */
  release(): boolean {
    if (this.#state.is !== 'held' || this.#state.head === null || this.#flow === null) return true;
    const { head, chunks } = this.#state;
    this.#state = { is: 'open' };
    this.#heldBytes = 0;
    this.#onRelease();
    this.#client.open(this.#flow);
    this.#client.head(head.status, head.headers);
    let hasRoom = true;
    for (const chunk of chunks) hasRoom = this.#client.write(chunk);
    return hasRoom;
  }

  /** Throws away what is held; the client never hears of it. */
  drop(): void {
    if (this.#state.is !== 'held') return;
    this.#state = { is: 'dropped' };
    this.#heldBytes = 0;
  }

  end(): void {
    this.release();
    if (this.#state.is === 'open') this.#client.end();
  }

  fail(error: Error, lastWords?: Uint8Array): void {
    if (this.#state.is === 'open') this.#client.fail(error, lastWords);
    this.drop();
  }
}
