import { type RawData, WebSocket } from 'ws';

const service = 'google.ai.generativelanguage.v1beta.GenerativeService';

export interface LiveClientOptions {
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In front of the path. */
  readonly slashes?: string;
}

/** A WebSocket that shows every message and the close, without an SDK in between. */
export class LiveClient {
  readonly socket: WebSocket;
  readonly messages: { readonly text: string; readonly isBinary: boolean }[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  refused: number | null = null;
  #changed: () => void = () => {};

  constructor(url: string, options: LiveClientOptions = {}) {
    const { method = 'BidiGenerateContent', query = '', headers = {}, slashes = '/' } = options;
    this.socket = new WebSocket(`${url.replace('http', 'ws')}${slashes}ws/${service}.${method}${query}`, { headers });
    this.socket.on('message', (data: RawData, isBinary: boolean) => {
      this.messages.push({ text: data.toString(), isBinary });
      this.#changed();
    });
    this.socket.on('close', (code: number, reason: Buffer) => {
      this.closed = { code, reason: reason.toString() };
      this.#changed();
    });
    this.socket.on('unexpected-response', (_, { statusCode = 0 }) => {
      this.refused = statusCode;
      this.#changed();
    });
    this.socket.on('open', () => this.#changed());
    this.socket.on('error', () => {});
  }

  /** Everything that has come, read as JSON. */
  get said(): readonly Readonly<Record<string, unknown>>[] {
    return this.messages.map(({ text }) => JSON.parse(text));
  }

  /** Resolves as soon as `isTrue`, asked after each message and at the end, says so. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async open(): Promise<this> {
    await this.until(() => this.socket.readyState === WebSocket.OPEN || this.closed !== null);
    return this;
  }

  /** Sends the setup and waits for its answer, or for the end. */
  async begin(setup: object = {}): Promise<this> {
    await this.open();
    this.send({ setup: { model: 'models/gemini-3.8-live', ...setup } });
    await this.until(() => this.messages.length > 0 || this.closed !== null);
    return this;
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  say(text: string): void {
    this.send({ clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete: true } });
  }

  /** Waits for the end of as many turns. */
  async turns(count = 1): Promise<void> {
    const ends = () => this.messages.filter(({ text }) => text.includes('"turnComplete": true')).length;
    await this.until(() => ends() >= count || this.closed !== null);
  }

  /** Waits for the close of the other side. */
  async end(): Promise<LiveClient['closed']> {
    await this.until(() => this.closed !== null);
    return this.closed;
  }
}
