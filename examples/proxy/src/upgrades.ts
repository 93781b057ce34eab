/** Sessions of the Live API: which upgrades are for the gateway, and which are refused before it sees them. */

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NodeUpgrade } from '@sluice/core/live';
import type { RemoteAddress } from './address.ts';
import type { OpenAnswers } from './open-answers.ts';
import { type OnRefusal, refusalOfHeaders, refuseUpgrade } from './refusals.ts';

/** What upgrades go by. */
export interface UpgradeOptions {
  /** Answers under way. */
  readonly answers: OpenAnswers;
  /** Asked with each upgrade: settings change while the process runs. */
  readonly live: () => NodeUpgrade;
  readonly addressOf: RemoteAddress;
  readonly onRefusal: OnRefusal;
}

/** Hands upgrades of `server` to the gateway. It answers every one of them, so that no connection is left to nobody. */
export function takeUpgrades(server: Server, { answers, live, addressOf, onRefusal }: UpgradeOptions): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Before earlier answers are written, what we say would be taken for a part of them.
    if (answers.on(socket).length > 0) return void socket.destroy();
    const refusal = refusalOfHeaders(request);
    if (refusal === null) return void live()(request, socket, head);
    onRefusal(refusal, addressOf(request));
    refuseUpgrade(socket, refusal);
  });
}
