/**
 * The heart: it holds an attempt's answer back until it is worth showing.
 *
 * Before that moment the attempt can be thrown away and another made, and nobody knows. After it there is no second
 * try. So the client's sink is opened exactly once, by the attempt that won.
 *
 * What was held goes out no faster than the client takes it: twenty megabytes that lie here are counted, in a socket they
 * are not. To the client's sink the latch is the flow.
 */

import type { Flow, HeaderBag, Sink } from '../wire.ts';

/** Held: nothing shown yet. Open: everything goes straight on. Dropped: whatever still comes is forgotten. */
type State =
  | { readonly is: 'held'; head: { status: number; headers: HeaderBag } | null; readonly chunks: Uint8Array[] }
  | { readonly is: 'open' }
  | { readonly is: 'dropped' };

/** How an answer ends once everything is out. */
interface End {
  readonly uncleanly: Error | null;
  onOut(): void;
}

/** A sink with a door that opens once. */
export class Latch implements Sink, Flow {
  #state: State = { is: 'held', head: null, chunks: [] };
  #flow: Flow | null = null;
  #heldBytes = 0;
  /** Released, and the client has no room for it yet: those from `#next` on. */
  #left: Uint8Array[] = nobody;
  #next = 0;
  /** Something has to happen before the client sees more. */
  #isHalted = false;
  /** Set when nothing more comes, and the client has no room for all of it yet. */
  #end: End | null = null;
  /** The client has not asked for more since it was full. */
  #isFull = false;
  /** Set when another call goes on, as soon as there is room. */
  #onTaken: (() => void) | null = null;
  readonly #client: Sink;
  readonly #onRelease: () => void;
  readonly #onMove: () => void;

  /**
   * @param onRelease - called once, just before the client sees the first of the answer
   * @param onMove - the client has taken some of what is left, and is full again
   */
  constructor(client: Sink, onRelease: () => void, onMove: () => void = ignore) {
    this.#client = client;
    this.#onRelease = onRelease;
    this.#onMove = onMove;
  }

  get isOpen(): boolean {
    return this.#state.is === 'open';
  }

  /** The client has taken everything, as far as it tells, and has room. */
  get isClear(): boolean {
    return this.isOpen && this.#left.length === 0 && !this.#isFull;
  }

  /** Bytes that wait here; until the release they count against `limits.maxAnswerBytes`. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What waits behind the latch, in order. */
  get held(): readonly Uint8Array[] {
    return this.#state.is === 'held' ? this.#state.chunks : nobody;
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
        if (this.#left.length === 0 && !this.#isHalted) return this.#write(chunk);
        if (this.#left.length === 0) this.#left = [chunk];
        else this.#left.push(chunk);
        this.#heldBytes += chunk.length;
        return false;
      case 'held':
        this.#state.chunks.push(chunk);
        this.#heldBytes += chunk.length;
        return true;
      case 'dropped':
        return true;
    }
  }

  /** Other bytes in place of those that are held; the head says how many they are. @param more - for the head as well */
  replace(body: Uint8Array, more: HeaderBag = {}): void {
    const state = this.#state;
    if (state.is !== 'held' || state.head === null) return;
    const { 'content-encoding': _, ...headers } = state.head.headers;
    const head = { status: state.head.status, headers: { ...headers, ...more, 'content-length': String(body.length) } };
    this.#state = { is: 'held', head, chunks: [body] };
    this.#heldBytes = body.length;
  }

  /** Shows what is held, and from now on everything at once. @returns false when the client is already full */
  release(): boolean {
    if (this.#state.is !== 'held' || this.#state.head === null || this.#flow === null) return true;
    const { head, chunks } = this.#state;
    this.#state = { is: 'open' };
    this.#onRelease();
    this.#client.open(this);
    this.#client.head(head.status, head.headers);
    this.#left = chunks;
    return this.#pour();
  }

  /** What comes from here on waits for {@link goOn}; what is out is out. */
  halt(): void {
    this.#isHalted = true;
  }

  goOn(): void {
    if (!this.#isHalted) return;
    this.#isHalted = false;
    if (this.#left.length > 0) this.resume();
  }

  /** Throws away what is held; the client never hears of it. */
  drop(): void {
    if (this.#state.is === 'held') this.#state = { is: 'dropped' };
    this.#forget();
  }

  /**
   * Nothing more comes. The client is told once it has taken everything.
   *
   * @param uncleanly - how the answer broke behind its last byte; null for a proper end
   * @param onOut - called when the client has been told, perhaps at once
   */
  end(uncleanly: Error | null = null, onOut: () => void = ignore): void {
    if (uncleanly === null) this.#measure();
    this.release();
    if (this.#state.is !== 'open') return;
    const end = { uncleanly, onOut };
    if (this.#left.length === 0) this.#tell(end);
    else this.#end = end;
  }

  /** Another call goes on where this one broke. @param onTaken - called once when the client has room again, perhaps at once */
  handOver(onTaken: () => void): void {
    if (this.isClear) onTaken();
    else this.#onTaken = onTaken;
  }

  fail(error: Error, lastWords?: Uint8Array): void {
    this.#onTaken = null;
    if (this.#state.is === 'open') {
      // Last words stand behind all that came before them; who is told nothing is given nothing more either.
      if (lastWords !== undefined) for (const chunk of this.#left.slice(this.#next)) this.#client.write(chunk);
      this.#client.fail(error, lastWords);
    }
    this.drop();
  }

  /** All of it is here before any of it is shown, so the head can say how much it is: in chunks it would cost both sides more. */
  #measure(): void {
    if (this.#state.is !== 'held' || this.#state.head === null || this.#heldBytes === 0) return;
    const { status, headers } = this.#state.head;
    if (headers['content-length'] !== undefined) return;
    this.#state.head = { status, headers: { ...headers, 'content-length': String(this.#heldBytes) } };
  }

  // What the client's sink lets the latch do.

  pause(): void {
    this.#flow?.pause();
  }

  resume(): void {
    this.#isFull = false;
    if (this.#isHalted) return;
    if (this.#left.length > 0) {
      const hasRoom = this.#pour();
      if (this.#left.length === 0 && this.#end !== null) return this.#tell(this.#end);
      if (!hasRoom) return this.#onMove();
    }
    const onTaken = this.#onTaken;
    this.#onTaken = null;
    if (onTaken === null) this.#flow?.resume();
    else onTaken();
  }

  abort(reason: Error): void {
    this.#flow?.abort(reason);
  }

  /** @returns false when the client is full */
  #pour(): boolean {
    let hasRoom = true;
    while (hasRoom && this.#next < this.#left.length) {
      const chunk = this.#left[this.#next] as Uint8Array;
      // What is out is not kept.
      this.#left[this.#next++] = nothing;
      this.#heldBytes -= chunk.length;
      hasRoom = this.#write(chunk);
    }
    if (this.#next === this.#left.length) this.#forget();
    return hasRoom;
  }

  #write(chunk: Uint8Array): boolean {
    const hasRoom = this.#client.write(chunk);
    this.#isFull = !hasRoom;
    return hasRoom;
  }

  #tell({ uncleanly, onOut }: End): void {
    this.#end = null;
    if (uncleanly === null) this.#client.end();
    // Nothing more is to be said, but all of it has to arrive.
    else this.#client.fail(uncleanly, nothing);
    onOut();
  }

  #forget(): void {
    this.#left = nobody;
    this.#next = 0;
    this.#heldBytes = 0;
  }
}

const nothing = new Uint8Array();
/** Never written to: what is pushed goes to a list of its own. */
const nobody: Uint8Array[] = [];

function ignore(): void {}
