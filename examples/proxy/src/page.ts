/** The page at `/`: how to point a client here. It is one answer without anything to fetch, and it holds no secret. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { localOrigin } from './address.ts';
import type { CallersFrom } from './configuration.ts';
import { clientLines } from './page-clients.ts';

const template = readFileSync(new URL('./page.html', import.meta.url), 'utf8');

const policy = [
  "default-src 'none'",
  `style-src ${digestOf('style')}`,
  `script-src ${digestOf('script')}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What the page is about. */
export interface PageOptions {
  readonly isDemo: boolean;
  readonly callersFrom: CallersFrom;
  /** The origin that clients see, when it was configured. */
  readonly publicOrigin: string | null;
  /** The address that is listened on: shown when the request names no host that can be repeated. */
  readonly host: string;
}

/** Answers with the page; its lines name the origin under which it was asked for. */
export function pageAt(options: PageOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const origin =
      options.publicOrigin ?? namedOrigin(request) ?? localOrigin(options.host, request.socket.localPort ?? 0);
    const body = pageText(origin, options);
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    response.end(body);
  };
}

/** The page as text, for one origin. */
function pageText(origin: string, { isDemo, callersFrom }: Pick<PageOptions, 'isDemo' | 'callersFrom'>): string {
  const sections = clientLines(origin).map(
    ({ name, note, lines }) => `<section>
<h2>${escaped(name)}</h2>
<p>${escaped(note)}</p>
<pre tabindex="0">${escaped(lines)}</pre>
</section>`,
  );
  return without(without(template, 'demo', !isDemo), 'key', callersFrom === 'anyone')
    .replace('{{keyHint}}', () => keyHint(callersFrom))
    .replace('{{sections}}', () => sections.join('\n'));
}

function keyHint(callersFrom: CallersFrom): string {
  switch (callersFrom) {
    case 'data-folder':
      return 'It was printed when the proxy started, and lies in the file <code>caller-key</code> of its data folder.';
    case 'file':
      return 'Whoever runs this proxy has it in the configuration file.';
    case 'anyone':
      return '';
    default:
      return `Whoever runs this proxy has it in <code>${callersFrom.variable}</code>.`;
  }
}

/** Only what a host can look like is repeated: the header comes from outside. */
function namedOrigin({ headers: { host } }: IncomingMessage): string | null {
  const isHost = host !== undefined && /^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(:\d{1,5})?$/.test(host);
  return isHost ? `http://${host}` : null;
}

function without(text: string, part: string, isOut: boolean): string {
  return text.replace(new RegExp(`<!-- ${part} -->\n([^]*)<!-- /${part} -->\n`), isOut ? '' : '$1');
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The template is the only source of styles and scripts, and these are the only ones that a browser may run. */
function digestOf(tag: 'style' | 'script'): string {
  const [, content = ''] = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(template) ?? [];
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
