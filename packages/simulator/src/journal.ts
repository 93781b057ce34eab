import type { Journal, RecordedConversation, RecordedFrame, RecordedRequest } from './contract.ts';
import type { ReadRequest } from './wire/request-reader.ts';

/** A journal entry while its story goes on: the same object that tests read, with the moving parts writable. */
export type Entry = RecordedRequest & {
  step: string;
  abandonedAtMs: number | null;
  finishedAtMs: number | null;
  bytesSent: number;
};

/** The same for a Live session. */
export type Talk = { -readonly [Name in keyof Omit<RecordedConversation, 'frames'>]: RecordedConversation[Name] } & {
  readonly frames: RecordedFrame[];
};

/** What happened on every connection, in order of arrival. The oldest entries go when there are too many. */
export class RunningJournal implements Journal {
  readonly requests: Entry[] = [];
  readonly conversations: Talk[] = [];
  openConnections = 0;
  connections = 0;
  running = 0;
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  clear(): void {
    this.requests.length = 0;
    this.conversations.length = 0;
  }

  /** Counts a connection in and gives it its number. */
  connectionOpened(): number {
    this.openConnections += 1;
    this.connections += 1;
    return this.connections;
  }

  connectionClosed(): void {
    this.openConnections -= 1;
  }

  /** Writes down a request that has arrived whole. */
  requestArrived(request: ReadRequest, key: string | null, connection: number): Entry {
    const entry: Entry = {
      ...request,
      key,
      step: '',
      connection,
      startedAtMs: performance.now(),
      abandonedAtMs: null,
      finishedAtMs: null,
      bytesSent: 0,
    };
    this.requests.push(entry);
    if (this.requests.length > this.#maxEntries) this.requests.shift();
    this.running += 1;
    return entry;
  }

  /** Writes down a handshake that is about to be accepted. */
  conversationOpened({ target, headers, key, step, connection }: Entry): Talk {
    const talk: Talk = {
      ...{ target, headers, key, step, connection },
      project: null,
      model: null,
      frames: [],
      bytesReceived: 0,
      bytesSent: 0,
      startedAtMs: performance.now(),
      endedAtMs: null,
      close: null,
    };
    this.conversations.push(talk);
    if (this.conversations.length > this.#maxEntries) this.conversations.shift();
    return talk;
  }

  /** Ends the story of a request, once: whole, abandoned by the peer, or cut short on purpose. */
  requestEnded(entry: Entry, how: 'whole' | 'abandoned' | 'cut'): void {
    this.running -= 1;
    if (how === 'whole') entry.finishedAtMs = performance.now();
    if (how === 'abandoned') entry.abandonedAtMs = performance.now();
  }
}
