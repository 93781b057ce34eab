/** The gateway with everything around it that a process needs: one listener, one way to change it, one way down. */

import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createGateway, type Gateway, isSluiceError, type ResolvedConfiguration, type Store } from '@sluice/core';
import { type NodeUpgrade, nodeUpgrade } from '@sluice/core/live';
import { hardenServer, nodeListener } from '@sluice/core/node';
import type { Logger } from 'pino';
import { type RemoteAddress, remoteAddressReader } from './address.ts';
import { logCalls } from './call-log.ts';
import type { CallersFrom } from './configuration.ts';
import { goDown } from './lifecycle.ts';
import { createListener } from './listen.ts';
import { measure } from './metrics.ts';
import { OpenAnswers } from './open-answers.ts';
import { pageAt } from './page.ts';
import { type OnRefusal, refusalOfHeaders, refuse } from './refusals.ts';
import { logRequests } from './request-log.ts';
import { routes } from './routes.ts';
import { logState } from './state-log.ts';
import { takeUpgrades } from './upgrades.ts';

/** Settings as the house goes by them. */
export interface HouseSettings {
  readonly configuration: ResolvedConfiguration;
  readonly isDemo: boolean;
  readonly callersFrom: CallersFrom;
}

/** A server that is ready to listen. */
export interface House {
  readonly server: Server;
  readonly gateway: Gateway;
  /**
   * Goes on with other settings; requests under way end under those that they came in under.
   *
   * @throws SluiceError `invalid_options`; then nothing has changed
   */
  apply(settings: HouseSettings): Promise<void>;
  /** Resolves when the last answer is out and everything is let go of. */
  goDown(): Promise<void>;
}

/** Puts the gateway into a server, with the proxy's own routes, log and metrics around it. */
export function openHouse(settings: HouseSettings, log: Logger, store: Store | null): House {
  const { configuration } = settings;
  // What is listened on stays, whatever later settings say.
  const { host, headersInMs } = configuration.server;
  const gateway = createGateway({ ...configuration.gateway, ...(store === null ? {} : { store }) });
  const metrics = measure(gateway);
  const answers = new OpenAnswers();
  let isDraining = false;
  let rooms = furnish(gateway, settings, host);
  logState(gateway, log);
  logRequests(gateway, log, () => rooms.requests);
  logCalls(gateway, log);
  logWarnings(gateway, log);

  const listener = routes({
    gateway,
    metrics,
    page: (request, response) => rooms.page(request, response),
    isDraining: () => isDraining,
    passOn: (request, response) => rooms.passOn(request, response),
  });
  const onRefusal: OnRefusal = ({ status, code }, remote) => {
    metrics.onRefusal(status);
    if (rooms.requests !== 'none') log.info({ remote, status, error: code }, 'refused');
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answers.add(response);
    const refusal = refusalOfHeaders(request);
    if (refusal === null) return listener(request, response);
    onRefusal(refusal, rooms.addressOf(request));
    refuse(response, refusal);
  };
  const server = createListener({ onRequest, isUpgrade: (request) => rooms.live.isFor(request) });
  takeUpgrades(server, {
    answers,
    live: () => rooms.live,
    addressOf: (request) => rooms.addressOf(request),
    onRefusal,
  });
  hardenServer(server, { headersInMs, onRefusal });
  return {
    server,
    gateway,
    async apply(next) {
      try {
        await gateway.reload(next.configuration.gateway);
      } catch (error) {
        // A store that does not answer is told of by itself, and the options hold all the same.
        if (isSluiceError(error, 'invalid_options')) throw error;
      }
      rooms = furnish(gateway, next, host);
      logWarnings(gateway, log);
    },
    goDown() {
      isDraining = true;
      return goDown({ server, gateway, answers, log, drainMs: rooms.drainMs, drainGraceMs: rooms.drainGraceMs });
    },
  };
}

/** What is made from the settings, and anew when they change. */
interface Rooms {
  readonly addressOf: RemoteAddress;
  readonly passOn: RequestListener;
  readonly live: NodeUpgrade;
  readonly page: RequestListener;
  readonly requests: ResolvedConfiguration['log']['requests'];
  readonly drainMs: number;
  readonly drainGraceMs: number;
}

function furnish(gateway: Gateway, { configuration, isDemo, callersFrom }: HouseSettings, host: string): Rooms {
  const { publicOrigin, trustedProxies, drainMs, drainGraceMs } = configuration.server;
  const addressOf = remoteAddressReader(trustedProxies);
  return {
    addressOf,
    passOn: nodeListener(gateway, { remoteOf: addressOf }),
    live: nodeUpgrade(gateway, { remoteOf: addressOf, others: 'refuse' }),
    page: pageAt({ isDemo, callersFrom, publicOrigin, host }),
    requests: configuration.log.requests,
    drainMs,
    drainGraceMs,
  };
}

function logWarnings(gateway: Gateway, log: Logger): void {
  for (const warning of gateway.settings.warnings) log.warn({ warning }, 'options');
}
