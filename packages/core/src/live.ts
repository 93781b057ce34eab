/**
 * Entry `@sluice/core/live`: the Live API as a listener of `node:http`'s upgrades, over the package `ws`.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dial } from './channel.ts';
import { mountPrefix, withoutMount } from './client/mount.ts';
import type { Gateway } from './gateway.ts';
import { converse } from './live/converse.ts';
import { wsDial } from './live/ws-dial.ts';
import { WsOpening } from './live/ws-opening.ts';
import { isLivePath } from './surface/live-path.ts';

export { type WsDialOptions, wsDial } from './live/ws-dial.ts';

/** How sessions are mounted. */
export interface NodeUpgradeOptions {
  /** What precedes the API's own paths: `/gemini`. @default '' */
  mountPath?: string | undefined;
  /** Who is at the other end, for logs. @default the socket's own address */
  remoteOf?: ((req: IncomingMessage) => string | null) | undefined;
  /**
   * What a `callers` function finds as `question.host`. Upgrades pass the framework by, so there is nothing unless the host
   * says here what it knows of one. @default undefined for every upgrade
   */
  hostOf?: ((req: IncomingMessage) => unknown) | undefined;
  /**
   * What becomes of upgrades that are not for the Live API: they are left to the host's other listeners, or answered
   * 404 because there are none, and nobody else would ever answer. @default 'leave'
   */
  others?: 'leave' | 'refuse' | undefined;
  /** How the provider is reached. @default wsDial() */
  dial?: Dial | undefined;
}

/** What `node:http` calls with each upgrade. @returns whether the gateway has taken it */
export interface NodeUpgrade {
  (req: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /**
   * Whether a request is for the Live API: the `shouldUpgradeCallback` of a server that takes no other upgrades. From
   * the first listener on, `node:http` makes an upgrade of whatever offers one, also of the ordinary requests of clients
   * that would like to speak `h2c`. With this they stay ordinary requests. Node knows the option from 22.21 and 24.9 on.
   */
  isFor(req: IncomingMessage): boolean;
}

/**
 * Makes a gateway a listener for the upgrades of `node:http`, so that clients of the Live API can talk through it.
 *
 * @example
 * import { createServer } from 'node:http';
 * import { nodeListener } from '@sluice/core/node';
 *
 * const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * const live = nodeUpgrade(gateway, { others: 'refuse' });
 * createServer({ shouldUpgradeCallback: live.isFor }, nodeListener(gateway)).on('upgrade', live).listen(8787);
 */
export function nodeUpgrade(
  gateway: Gateway,
  { mountPath = '', remoteOf = socketAddress, hostOf, others = 'leave', dial = wsDial() }: NodeUpgradeOptions = {},
): NodeUpgrade {
  const prefix = mountPrefix(mountPath);
  const targetOf = ({ url = '/' }: IncomingMessage): string => withoutMount(url, prefix);
  const listener = (req: IncomingMessage, socket: Duplex, head: Buffer): boolean => {
    const target = targetOf(req);
    if (others === 'leave' && !isLivePath(target)) return false;
    const opening = new WsOpening(req, socket, head, { target, remote: remoteOf(req), host: hostOf?.(req) });
    void converse(gateway, opening, dial);
    return true;
  };
  return Object.assign(listener, { isFor: (req: IncomingMessage) => isLivePath(targetOf(req)) });
}

function socketAddress({ socket }: IncomingMessage): string | null {
  return socket.remoteAddress ?? null;
}
