/** How an error of our own reaches a client that has not seen anything yet: in the dialect that it speaks. */

import type { Dialect } from '../dialect/dialect.ts';
import { refusalBody, refusalHead } from '../dialect/refusal.ts';
import type { SluiceError } from '../errors.ts';
import { type HeaderBag, type Sink, stillFlow } from '../wire.ts';

/** @param own - header fields that every answer of this request carries */
export function refuse(client: Sink, error: SluiceError, dialect: Dialect, own: HeaderBag): void {
  const body = refusalBody(error, dialect);
  client.open(stillFlow);
  client.head(error.status, { ...refusalHead(error, body), ...own });
  client.write(body);
  client.end();
}
