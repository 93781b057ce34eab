/** The host's own idea of who is there: a cookie that says which browser this is. An app of yours has a login here. */

import { randomBytes } from 'node:crypto';
import type { Caller, CallerQuestion } from '@sluice/core';
import type { onRequestAsyncHookHandler } from 'fastify';

const cookieName = 'chat-session';
/** The oldest session ends when there are more. */
const maxSessions = 10_000;

/** Everybody who has opened the page. */
export interface Sessions {
  /** Gives a browser its cookie, unless it has one. */
  readonly open: onRequestAsyncHookHandler;
  /** What the gateway asks about each call. */
  readonly callers: (question: Pick<CallerQuestion, 'headers'>) => Caller | null;
}

/** Sessions that live as long as the process. */
export function openSessions(): Sessions {
  const callers = new Map<string, Caller>();
  return {
    async open(request, reply) {
      if (callers.has(sessionOf(request.headers.cookie))) return;
      const session = randomBytes(24).toString('base64url');
      // Who calls stands in logs; the cookie itself never does.
      callers.set(session, { id: `browser-${randomBytes(4).toString('hex')}` });
      const [oldest] = callers.keys();
      if (callers.size > maxSessions && oldest !== undefined) callers.delete(oldest);
      // Strict: no other site can make a browser that is logged in here spend our keys.
      const secure = request.protocol === 'https' ? '; Secure' : '';
      reply.header('set-cookie', `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict${secure}`);
    },
    callers: ({ headers: { cookie } }) => callers.get(sessionOf(String(cookie ?? ''))) ?? null,
  };
}

function sessionOf(cookies = ''): string {
  const found = cookies.split(/; */).find((cookie) => cookie.startsWith(`${cookieName}=`));
  return found?.slice(cookieName.length + 1) ?? '';
}
