/** How a client makes use of a capability, in its own words. */

import type { SimulatorOptions } from '@sluice/simulator';
import type { Client, Endpoint } from '../contract.ts';
import type { CapabilityName } from './capability.ts';

/** Where a client is pointed, and the time there. */
export interface Place extends Endpoint {
  /** Lets time pass at Google. */
  pass(ms: number): void;
}

/** Gives what the client gives, piece by piece, and throws what it throws. */
export type Use = (place: Place) => AsyncIterable<unknown>;

/** Why there is nothing to try. */
export interface Lack {
  readonly lacks: string;
}

/** The client has no call for it, and that is all there is to say. */
export const noCall: unique symbol = Symbol('no call');

/** What one client does in each row. */
export type Uses = Readonly<Record<CapabilityName, Use | Lack | typeof noCall>>;

/** A column of the page. */
export interface CapableClient {
  readonly client: Client;
  readonly uses: Uses;
  /** What has to be otherwise about the simulated Google for some of its uses. */
  readonly worlds?: Partial<Readonly<Record<CapabilityName, SimulatorOptions>>> | undefined;
}

/** What a call that has to fail fails with. */
export async function refusalOf(call: PromiseLike<unknown>): Promise<unknown> {
  const given = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in given) throw new Error(`It was answered, and should not have been: ${JSON.stringify(given.value)}`);
  return { refused: given.error };
}

/** Something that lies there before a client comes that can use it but not make it. */
export async function made({ url, key }: Endpoint, path: string, body: unknown): Promise<string> {
  const headers = { 'x-goog-api-key': key, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1beta/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const { name, id = name } = (await answer.json()) as { readonly name?: string; readonly id?: string };
  if (id === undefined) throw new Error(`POST ${path} was answered ${answer.status}`);
  return id;
}

/** A file that somebody else has uploaded with the same key. */
export async function uploaded({ url, key }: Endpoint, text: string): Promise<{ name: string; uri: string }> {
  const headers = { 'x-goog-api-key': key, 'content-type': 'text/plain', 'x-goog-upload-protocol': 'raw' };
  const answer = await fetch(`${url}/upload/v1beta/files`, { method: 'POST', headers, body: text });
  return ((await answer.json()) as { readonly file: { readonly name: string; readonly uri: string } }).file;
}

/** A text of which a thousand tokens and more can be cached. */
export const tale: string = 'Once upon a time there was a model. '.repeat(200);

/** A cached content with that text. */
export const taleCache = {
  model: 'models/gemini-2.5-flash',
  contents: [{ role: 'user', parts: [{ text: tale }] }],
  ttl: '600s',
} as const;
