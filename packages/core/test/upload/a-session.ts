/** Uploads as they look on the wire, header by header, for tests that do not trust an SDK to be strict. */

import { createHash, randomBytes } from 'node:crypto';
import type { Mounted } from '@sluice/testkit';
import { expect } from 'vitest';

/** A file of random bytes. */
export function bytesOf(length: number): Buffer {
  return randomBytes(length);
}

/** As the API tells it: base64 of the hexadecimal digits. */
export function hashOf(content: Uint8Array): string {
  return Buffer.from(createHash('sha256').update(content).digest('hex')).toString('base64');
}

/** What a request is answered with, read to its end. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a request by a path, or by an address that the gateway has told. */
export async function send({ fetch, origin }: Mounted, address: string, init: RequestInit = {}): Promise<Told> {
  const target = address.startsWith('/') ? address : address.replace(origin ?? 'http://gateway.test', '');
  const answer = await fetch(target, { method: 'POST', redirect: 'manual', ...init });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** @returns the address of the session */
export async function started(
  mounted: Mounted,
  key: string,
  bytes: number,
  path = '/upload/v1beta/files',
): Promise<string> {
  const told = await send(mounted, path, {
    headers: {
      'x-goog-api-key': key,
      'content-type': 'application/json',
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(bytes),
      'x-goog-upload-header-content-type': 'text/plain',
    },
    body: '{"file":{"displayName":"a file"}}',
  });
  expect(told.status, told.text).toBe(200);
  expect(told.headers.get('x-goog-upload-status')).toBe('active');
  return told.headers.get('x-goog-upload-url') as string;
}

/** A piece of the file. @param key - none where the address itself is the key */
export function chunk(
  mounted: Mounted,
  url: string,
  { command = 'upload, finalize', offset = 0, key, bytes, ...init }: ChunkOptions,
): Promise<Told> {
  return send(mounted, url, {
    ...init,
    headers: {
      'x-goog-upload-command': command,
      'x-goog-upload-offset': String(offset),
      'content-length': String(bytes.length),
      ...(key === undefined ? {} : { 'x-goog-api-key': key }),
    },
    body: bytes as Uint8Array<ArrayBuffer>,
  });
}

export interface ChunkOptions extends Omit<RequestInit, 'body' | 'headers'> {
  readonly command?: string;
  readonly offset?: number;
  readonly key?: string;
  readonly bytes: Uint8Array;
}

/** How much has come, as the provider says. */
export async function received(mounted: Mounted, url: string, key?: string): Promise<(string | null)[]> {
  const { headers } = await send(mounted, url, {
    headers: { 'x-goog-upload-command': 'query', ...(key === undefined ? {} : { 'x-goog-api-key': key }) },
  });
  return [headers.get('x-goog-upload-status'), headers.get('x-goog-upload-size-received')];
}

/** The file that the last answer of an upload tells. */
export function fileIn({ text }: Told): { readonly name: string; readonly uri: string; readonly sha256Hash: string } {
  return (JSON.parse(text) as { file: { name: string; uri: string; sha256Hash: string } }).file;
}
