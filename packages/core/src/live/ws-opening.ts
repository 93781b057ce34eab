/** A client that knocks at a server of `node:http`: an upgrade request becomes an {@link Opening}. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Cancellation } from '../cancellation.ts';
import type { Channel, ChannelLimits, Opening } from '../channel.ts';
import { bagOf } from '../client/node-headers.ts';
import { answerRaw } from '../client/raw-answer.ts';
import { newRequestId } from '../client/request-id.ts';
import type { HeaderBag, Sink } from '../wire.ts';
import { socketOptions, WsChannel } from './ws-channel.ts';

/** One upgrade request. From here on its socket is ours. */
export class WsOpening implements Opening {
  readonly id: string = newRequestId();
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderBag;
  readonly remote: string | null;
  readonly host: unknown;
  readonly cancellation: Cancellation = new Cancellation();
  readonly refusal: Sink;
  readonly #req: IncomingMessage;
  readonly #socket: Duplex;
  readonly #head: Buffer;

  constructor(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { target, remote, host }: { target: string; remote: string | null; host?: unknown },
  ) {
    this.#req = req;
    this.#socket = socket;
    this.#head = head;
    this.method = req.method ?? 'GET';
    this.target = target;
    this.remote = remote;
    this.host = host;
    this.headers = bagOf(req);
    this.refusal = new RefusalSink(socket);
    // Node has taken its own hands off: an error that nobody hears would end the process.
    socket.on('error', ignore);
    socket.once('close', this.#onGone);
  }

  accept({ maxFrameBytes }: ChannelLimits): Channel | null {
    const id = this.id;
    const server = new WebSocketServer({
      ...socketOptions,
      noServer: true,
      clientTracking: false,
      maxPayload: maxFrameBytes,
    });
    server.on('headers', (lines) => lines.push(`x-sluice-request-id: ${id}`));
    let channel: Channel | null = null;
    this.#socket.off('close', this.#onGone);
    // It is called at once: there is nobody to ask.
    server.handleUpgrade(this.#req, this.#socket, this.#head, (ws) => {
      channel = new WsChannel(ws, this.#socket, 'client');
    });
    return channel;
  }

  readonly #onGone = (): void => this.cancellation.cancel(new Error('the client hung up'));
}

function ignore(): void {}

/** One small answer in plain HTTP, and the end of the connection. */
class RefusalSink implements Sink {
  readonly #socket: Duplex;
  #status = 0;
  #headers: HeaderBag = {};
  #body: Uint8Array = new Uint8Array();

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  open(): void {}

  head(status: number, headers: HeaderBag): void {
    this.#status = status;
    this.#headers = headers;
  }

  write(chunk: Uint8Array): boolean {
    this.#body = chunk;
    return true;
  }

  end(): void {
    answerRaw(this.#socket, { status: this.#status, headers: this.#headers, body: this.#body });
  }

  fail(): void {
    this.#socket.destroy();
  }
}
