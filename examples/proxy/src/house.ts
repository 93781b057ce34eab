/** The gateway with everything around it that a process needs: one listener, and one way down. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createGateway, type ResolvedConfiguration } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';
import type { Logger } from 'pino';
import { remoteAddressReader } from './address.ts';
import type { CallersFrom } from './configuration.ts';
import { goDown } from './lifecycle.ts';
import { createListener } from './listen.ts';
import { measure } from './metrics.ts';
import { OpenAnswers } from './open-answers.ts';
import { pageAt } from './page.ts';
import { type OnRefusal, refusalOfHeaders, refuse, refuseMalformed } from './refusals.ts';
import { logRequests } from './request-log.ts';
import { routes } from './routes.ts';

/** What the house is told beside its configuration. */
export interface HouseOptions {
  readonly log: Logger;
  readonly isDemo: boolean;
  readonly callersFrom: CallersFrom;
}

/** A server that is ready to listen. */
export interface House {
  readonly server: Server;
  /** Resolves when the last answer is out and everything is let go of. */
  goDown(): Promise<void>;
}

/** Puts the gateway into a server, with the proxy's own routes, log and metrics around it. */
export function openHouse(configuration: ResolvedConfiguration, { log, isDemo, callersFrom }: HouseOptions): House {
  const { host, publicOrigin, trustedProxies, headersInMs, drainMs, drainGraceMs } = configuration.server;
  const { requests } = configuration.log;
  const gateway = createGateway(configuration.gateway);
  const metrics = measure(gateway);
  const addressOf = remoteAddressReader(trustedProxies);
  const passOn = nodeListener(gateway, { remoteOf: addressOf });
  logRequests(gateway, log, requests);

  const answers = new OpenAnswers();
  let isDraining = false;
  const page = pageAt({ isDemo, callersFrom, publicOrigin, host });
  const listener = routes({ gateway, metrics, page, isDraining: () => isDraining, passOn });
  const onRefusal: OnRefusal = ({ status, code }, remote) => {
    metrics.onRefusal(status);
    if (requests !== 'none') log.info({ remote, status, error: code }, 'refused');
  };
  const server = createListener(headersInMs, (request: IncomingMessage, response: ServerResponse) => {
    answers.add(response);
    const refusal = refusalOfHeaders(request);
    if (refusal === null) return listener(request, response);
    onRefusal(refusal, addressOf(request));
    refuse(response, refusal);
  });
  refuseMalformed(server, answers, onRefusal);
  return {
    server,
    goDown() {
      isDraining = true;
      return goDown({ server, gateway, answers, log, drainMs, drainGraceMs });
    },
  };
}
