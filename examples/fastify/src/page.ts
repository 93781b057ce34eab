/** The chat page: one file without anything to fetch, and a policy that lets nothing else run in it. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RouteHandlerMethod } from 'fastify';

const template = readFileSync(new URL('./page.html', import.meta.url), 'utf8');

const policy = [
  "default-src 'none'",
  `style-src ${digestOf('style')}`,
  `script-src ${digestOf('script')}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @param isDemo - the page then says that a simulator answers */
export function pageOf({ isDemo }: { readonly isDemo: boolean }): RouteHandlerMethod {
  const page = isDemo ? template : template.replace(/<!-- demo -->[\s\S]*<!-- \/demo -->\n/, '');
  return async (_request, reply) => {
    reply.headers({
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    return reply.type('text/html').send(page);
  };
}

/** The template is the only source of styles and scripts, so their digests are known. */
function digestOf(tag: 'style' | 'script'): string {
  const start = template.indexOf(`<${tag}>`) + `<${tag}>`.length;
  const content = template.slice(start, template.indexOf(`</${tag}>`, start));
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
