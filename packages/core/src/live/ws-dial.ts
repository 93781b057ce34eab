/** Opens channels to providers, over the package `ws`. */

import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import type { Dial, Dialed, DialRequest } from '../channel.ts';
import type { HeaderBag } from '../wire.ts';
import { socketOptions, WsChannel } from './ws-channel.ts';

/** What can be told to it: the same as to `undiciUpstream`, for the same reasons. */
export interface WsDialOptions {
  /** Finds the addresses of a host, as the `lookup` of `net.connect` does: for DNS of one's own. @default dns.lookup */
  lookup?: LookupFunction | undefined;
  /**
   * Certificates of the authorities to trust, in PEM, in place of those that Node trusts; `tls.rootCertificates` has
   * those, for a list of both.
   *
   * @default the authorities that Node trusts
   */
  ca?: string | readonly string[] | undefined;
}

/**
 * Reaches providers of sessions through the package `ws`. Each session has a connection of its own, made without any
 * agent, so that no proxy of the environment and no agent of the host has a say in it.
 *
 * @example
 * import { nodeUpgrade, wsDial } from '@sluice/core/live';
 *
 * const gateway = createGateway({ keys: 'k', callers: 'anyone' });
 * const listener = nodeUpgrade(gateway, { dial: wsDial({ ca: '-----BEGIN CERTIFICATE-----…' }) });
 */
export function wsDial({ lookup, ca }: WsDialOptions = {}): Dial {
  // To read a list of authorities takes milliseconds, so it is read once.
  const secureContext = ca === undefined ? undefined : createSecureContext({ ca: [ca].flat() });
  const own = { ...(lookup && { lookup }), ...(secureContext && { secureContext }) };
  return (request) => new Promise((resolve) => dial(request, own, resolve));
}

/** Goes on to `net.connect` and `tls.connect`, which `ws` does not say. */
interface Connecting extends ClientOptions {
  readonly lookup?: LookupFunction;
  readonly secureContext?: SecureContext;
}

function dial(
  { url, headers, protocols, maxFrameBytes, maxErrorBytes, gone }: DialRequest,
  connecting: Connecting,
  tell: (dialed: Dialed) => void,
): void {
  let ws: WebSocket;
  try {
    ws = new WebSocket(url, [...protocols], {
      ...socketOptions,
      ...connecting,
      headers,
      maxPayload: maxFrameBytes,
      followRedirects: false,
    });
  } catch (error) {
    return tell({ is: 'broken', error: error as Error });
  }
  let socket: Duplex | null = null;
  let refusal: Refusal | null = null;
  const hangUp = {
    cancelled: () => {
      if (refusal === null) ws.terminate();
      else finish(refusal.told());
    },
  };
  const finish = (dialed: Dialed): void => {
    gone.forget(hangUp);
    tell(dialed);
  };
  ws.on('error', (error) => finish({ is: 'broken', error: protocolFault(error) }));
  ws.once('upgrade', (response) => {
    socket = response.socket;
  });
  ws.once('open', () => finish({ is: 'open', channel: new WsChannel(ws, socket as unknown as Duplex, 'server') }));
  ws.once('unexpected-response', (_request, response) => {
    const { statusCode = 0, headers: fields } = response;
    refusal = new Refusal(statusCode, fields, maxErrorBytes, () => response.destroy());
    const read = refusal;
    response.on('data', (piece: Buffer) => read.add(piece) || finish(read.told()));
    response.on('close', () => finish(read.told()));
    response.on('error', () => finish(read.told()));
  });
  if (gone.isCancelled) hangUp.cancelled();
  else gone.listen(hangUp);
}

/** What `ws` finds wrong with a handshake has no code; what breaks a socket has. */
function protocolFault(error: Error & { code?: string }): Error {
  return error.code === undefined ? Object.assign(error, { code: 'SLUICE_PROTOCOL' }) : error;
}

/** An HTTP answer in the place of a channel, as far as it is read. */
class Refusal {
  readonly #status: number;
  readonly #headers: HeaderBag;
  readonly #pieces: Buffer[] = [];
  readonly #letGo: () => void;
  #leftBytes: number;

  constructor(status: number, headers: HeaderBag, maxBytes: number, letGo: () => void) {
    this.#status = status;
    this.#headers = headers;
    this.#leftBytes = maxBytes;
    this.#letGo = letGo;
  }

  /** @returns false when it is enough */
  add(piece: Buffer): boolean {
    this.#pieces.push(piece.subarray(0, this.#leftBytes));
    this.#leftBytes -= piece.length;
    return this.#leftBytes > 0;
  }

  told(): Dialed {
    this.#letGo();
    return { is: 'refused', status: this.#status, headers: this.#headers, body: Buffer.concat(this.#pieces) };
  }
}
