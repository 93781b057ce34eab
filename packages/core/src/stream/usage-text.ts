/** Catches the object that counts the tokens of an answer, as it passes. */

import { joined } from '../bytes/joined.ts';
import { unfielded } from './unfielded.ts';

/** Real ones have a few hundred bytes. A longer one counts nothing. */
const longestUsageBytes = 65_536;

/** Never written to. */
const nothing: Uint8Array[] = [];
const decoder = new TextDecoder();

/** The last one of an answer. */
export class UsageText {
  isOpen = false;
  #pieces: Uint8Array[] = nothing;
  #bytes = 0;
  #from = 0;

  /** It begins; what came before is forgotten. */
  begin(at: number): void {
    this.isOpen = true;
    this.#from = at;
    this.#bytes = 0;
    this.#pieces = [];
  }

  /** The chunk is over, and the object is not. */
  cut(chunk: Uint8Array): void {
    this.#keep(chunk, chunk.length);
    this.#from = 0;
  }

  /** @param to - behind its last byte */
  end(chunk: Uint8Array, to: number): void {
    this.isOpen = false;
    this.#keep(chunk, to);
  }

  /** Empty when there was none. */
  text(): string {
    return this.#pieces.length === 0 ? '' : unfielded(decoder.decode(joined(this.#pieces)));
  }

  #keep(chunk: Uint8Array, to: number): void {
    this.#bytes += to - this.#from;
    if (this.#bytes <= longestUsageBytes) this.#pieces.push(chunk.subarray(this.#from, to));
    else this.#pieces = [];
  }
}
