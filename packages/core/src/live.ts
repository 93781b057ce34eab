/**
 * Entry `@sluice/core/live`: the Live API as a listener of `node:http`'s upgrades, over the package `ws`.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { mountPrefix, withoutMount } from './client/mount.ts';
import type { Gateway } from './gateway.ts';
import { wsDial } from './live/ws-dial.ts';
import { WsOpening } from './live/ws-opening.ts';
import { isLivePath } from './surface/live-path.ts';

/** How sessions are mounted. */
export interface NodeUpgradeOptions {
  /** What precedes the API's own paths: `/gemini`. @default '' */
  mountPath?: string | undefined;
  /** Who is at the other end, for logs. @default the socket's own address */
  remoteOf?: ((req: IncomingMessage) => string | null) | undefined;
  /**
   * What becomes of upgrades that are not for the Live API: they are left to the host's other listeners, or answered
   * 404 because there are none, and nobody else would ever answer. @default 'leave'
   */
  others?: 'leave' | 'refuse' | undefined;
}

/** What `node:http` calls with each upgrade. @returns whether the gateway has taken it */
export type NodeUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/**
 * Makes a gateway a listener for the upgrades of `node:http`, so that clients of the Live API can talk through it.
 *
 * @example
 * import { createServer } from 'node:http';
 * import { nodeListener } from '@sluice/core/node';
 *
 * const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * createServer(nodeListener(gateway)).on('upgrade', nodeUpgrade(gateway, { others: 'refuse' })).listen(8787);
 */
export function nodeUpgrade(
  gateway: Gateway,
  { mountPath = '', remoteOf = socketAddress, others = 'leave' }: NodeUpgradeOptions = {},
): NodeUpgrade {
  const prefix = mountPrefix(mountPath);
  return (req, socket, head) => {
    const target = withoutMount(req.url ?? '/', prefix);
    if (others === 'leave' && !isLivePath(target)) return false;
    const opening = new WsOpening(req, socket, head, { target, remote: remoteOf(req) });
    void gateway.converse(opening, wsDial);
    return true;
  };
}

function socketAddress({ socket }: IncomingMessage): string | null {
  return socket.remoteAddress ?? null;
}
