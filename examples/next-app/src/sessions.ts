/** The host's own idea of who is there: a signed cookie that says which browser this is. An app of yours has a login here. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Caller, CallerQuestion } from '@sluice/core';

export const cookieName = 'chat-session';

/** The page and the route are bundled apart, so what they share comes from outside of both. */
const secret = process.env.SESSION_SECRET ?? '';

/** @returns what stands in the cookie: a name, and a signature of it */
export function newSession(): string {
  const id = `browser-${randomBytes(6).toString('hex')}`;
  return `${id}.${signatureOf(id)}`;
}

/** True for what `newSession` has made. */
export function isKnown(session: string | undefined): session is string {
  const [id = '', signature = ''] = (session ?? '').split('.');
  const [given, right] = [Buffer.from(signature), Buffer.from(signatureOf(id))];
  return secret !== '' && given.length === right.length && timingSafeEqual(given, right);
}

/** What the gateway asks about each call. The name stands in logs; the signature never does. */
export function callerOf({ headers }: Pick<CallerQuestion, 'headers'>): Caller | null {
  const cookies = String(headers.cookie ?? '').split(/; */);
  const session = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  return isKnown(session) ? { id: session.split('.', 1)[0] as string } : null;
}

function signatureOf(id: string): string {
  return createHmac('sha256', secret).update(id).digest('base64url');
}
