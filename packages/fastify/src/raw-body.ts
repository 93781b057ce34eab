/** Sees to it that nobody reads, measures or refuses a body before the gateway. */

import type { IncomingMessage } from 'node:http';
import { SluiceError } from '@sluice/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What Fastify surely takes for a type of media, and for one with nothing to be said against it. */
const plainType = /^[\w.+-]+\/[\w.+-]+(?:; ?charset=[\w-]+)?$/;
/** Header fields as they were, while Fastify is shown others. */
const asSent = Symbol('sluice.asSent');
type Disguised = FastifyRequest & { [asSent]?: FastifyRequest['headers'] | undefined };

const nothing = new Uint8Array();

/** In the scope of this plugin alone: bodies of all types pass by, and so do types that are none. */
export function leaveBodiesAlone(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, _payload, done) => {
    const { [asSent]: headers } = request as Disguised;
    if (headers !== undefined) request.headers = headers;
    done(null);
  });
  // Fastify refuses a type that it cannot read, and a QUERY without one, before parsers are asked. What to say to that
  // is the gateway's business, after it has looked who asks.
  app.addHook('preParsing', (request: Disguised, _reply, payload, done) => {
    const { headers } = request;
    const type = headers['content-type'];
    if (type === undefined ? request.method === 'QUERY' : !plainType.test(type)) {
      request[asSent] = headers;
      request.headers = { 'content-type': 'application/octet-stream' };
    }
    done(null, payload);
  });
}

/** @returns null: the bytes are still to come; none when none were sent */
export function bodyOf(req: IncomingMessage): Uint8Array | null {
  const { 'content-length': length = 0, 'transfer-encoding': coding } = req.headers;
  if (req.readableEnded && !req.readableDidRead) return nothing;
  if (!req.readableDidRead && req.listenerCount('data') === 0) return null;
  if (coding === undefined && Number(length) === 0) return nothing;
  throw new SluiceError(
    'invalid_request',
    'A hook of the app has read this body before the gateway, and the bytes that were sent are gone. Let hooks that read ' +
      'bodies (preParsing, or a plugin that adds one) leave the routes of the gateway alone.',
  );
}
