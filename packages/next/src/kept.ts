/** One gateway however often the module of a route is evaluated: made by the first request, kept while one develops. */

import type { Gateway, GatewayOptions, SluiceError } from '@sluice/core';

/** What is told beside the options of a gateway. */
export interface KeptOptions {
  /**
   * Routes of one process that say the same name share one gateway. In production that is the only way to share: each call
   * of `sluice` has its own there. While one develops, a route without a name is known by where it is mounted.
   *
   * @default none
   */
  name?: string | undefined;
  /** Called once, with the gateway that the first request has made: to listen to its events. @default nothing happens */
  onGateway?: ((gateway: Gateway) => void) | undefined;
}

/** The options of a gateway, and what only Next needs. */
export type SluiceOptions<Host = unknown> = GatewayOptions<Host> & KeptOptions;

/** Has the gateway of one route. */
export interface Keeper {
  /** @returns null where the options have a fault, which has been told to the log */
  gatewayAt(pattern: string): Gateway | null | Promise<Gateway | null>;
}

/** `createGateway`, however it is loaded. */
export type MakeGateway<Host> = (options: GatewayOptions<Host>) => Gateway | Promise<Gateway>;

interface Kept {
  readonly gateway: Gateway;
  /** Who may use it without a name. A module that was evaluated later takes it over. */
  owner: Keeper;
}

/** What a client hears of options with a fault. It may not know more. */
export const brokenOptions = {
  error: {
    code: 500,
    message: 'The options of this gateway have a fault. The log of the server says which.',
    status: 'INTERNAL',
    details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'INVALID_OPTIONS', domain: 'sluice' }],
  },
} as const;

/** Modules come and go while one develops; what is on the global object stays, and bundles share it. */
const place = Symbol.for('@sluice/next');
const shelf: Map<string, Kept> = (globalThis as { [place]?: Map<string, Kept> })[place] ?? new Map<string, Kept>();
Object.assign(globalThis, { [place]: shelf });

/** @returns a keeper of a gateway that was handed in, or of one that is still to be made */
export function keeperOf<Host>(optionsOrGateway: SluiceOptions<Host> | Gateway, make: MakeGateway<Host>): Keeper {
  if (isGateway(optionsOrGateway)) return { gatewayAt: () => optionsOrGateway };
  const { name, onGateway, ...own } = optionsOrGateway;
  const options = own as GatewayOptions<Host>;
  let kept: Kept | null = null;
  let opening: Promise<Gateway | null> | null = null;

  const keeper: Keeper = {
    gatewayAt(pattern) {
      if (kept !== null && (name !== undefined || kept.owner === keeper)) return kept.gateway;
      opening ??= open(pattern)
        .catch(told)
        .finally(() => {
          if (kept?.owner === keeper) opening = null;
        });
      return opening;
    },
  };

  async function open(pattern: string): Promise<Gateway> {
    // Where another route has taken it over, both live: they were not one route, and neither is the other's successor.
    const label = kept === null ? labelOf(name, pattern) : null;
    const made = label !== null && shelf.has(label) ? null : await make(options);
    const found = label === null ? undefined : shelf.get(label);
    if (made !== null && found === undefined) {
      kept = { gateway: made, owner: keeper };
      if (label !== null) shelf.set(label, kept);
      onGateway?.(made);
      return made;
    }
    await made?.close(); // two of one name began at once
    const { gateway } = found as Kept;
    await gateway.reload(options);
    kept = Object.assign(found as Kept, { owner: keeper });
    return gateway;
  }

  return keeper;
}

/**
 * By the path alone two routes could be taken for one: rewrites may show both under the same. While one develops that
 * costs what is known of keys; in production, where no module is evaluated twice, nobody guesses.
 */
function labelOf(name: string | undefined, pattern: string): string | null {
  if (name !== undefined) return `name ${name}`;
  return process.env.NODE_ENV === 'production' ? null : `path ${pattern}`;
}

/** Once for each evaluation: what keeps the promise keeps the answer. */
function told(error: unknown): null {
  const { code, message } = error as Partial<SluiceError>;
  if (code !== 'invalid_options') throw error;
  console.error(`@sluice/next: ${message}`);
  return null;
}

function isGateway(value: unknown): value is Gateway {
  return typeof (value as Partial<Gateway> | undefined)?.handle === 'function';
}
