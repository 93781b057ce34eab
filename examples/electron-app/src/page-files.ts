/** The files of the page, under a scheme that nobody but the app can serve. */

import { readFile } from 'node:fs/promises';

export const pageScheme = 'app';

const folder = new URL('./page/', import.meta.url);
const types: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
};

/** Nothing from elsewhere, nothing inline, no request at all: what the page needs it asks `window.gemini`. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Answers for `app://chat/…`. */
export async function servePage(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.slice(1);
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) return new Response('Not found', { status: 404 });
  const headers = { 'content-type': type, 'content-security-policy': policy, 'x-content-type-options': 'nosniff' };
  return new Response(await readFile(new URL(name, folder)), { headers });
}
