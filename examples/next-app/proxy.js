import { NextResponse } from 'next/server';
import { cookieName, isKnown, newSession } from './src/sessions.ts';

/** Whoever opens the page gets a session. In an app of yours this is the login. */
export function proxy(request) {
  const answer = NextResponse.next();
  if (!isKnown(request.cookies.get(cookieName)?.value)) {
    // Strict: no other site can make a browser that is logged in here spend our keys.
    const secure = request.nextUrl.protocol === 'https:';
    answer.cookies.set(cookieName, newSession(), { httpOnly: true, sameSite: 'strict', secure, path: '/' });
  }
  return answer;
}

// Not for the gateway's path: of a body that passes through here Next keeps 10 MB.
export const config = { matcher: '/' };
