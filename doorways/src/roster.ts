/** All doorways, in the order of the page. */

import type { Doorway, OwnAnswer } from './doorway.ts';

function at(path: string): URL {
  return new URL(path, import.meta.url);
}

const nodeHttp = at('subjects/node-http.ts');

const mended: OwnAnswer = {
  status: 200,
  why: 'A `Request` has a URL, and a URL has no `..`: what the gateway sees, checks and passes on is the mended path.',
};
const noUrl: OwnAnswer = {
  status: 400,
  why: '`@hono/node-server` makes no URL of it, and answers 400 with an empty page.',
};
const byNext: OwnAnswer = {
  status: 308,
  why: 'Next sends clients on to the path as it would write it, before any route is asked.',
};
const isLenient = 'The call goes to the provider that was configured, whatever the request says.';

const notTold: OwnAnswer = { status: 200, why: `A \`Request\` does not say in which version it came. ${isLenient}` };
function staysOpen(status: number): OwnAnswer {
  return { status, why: 'The connection stays open: a `Response` cannot end it.' };
}
function lastOfItsConnection(status: number): OwnAnswer {
  return { status, why: 'The proxy refuses it itself, before any route, and ends the connection.' };
}

/** The first is what all others are compared with. */
export const roster: readonly Doorway[] = [
  { name: '`node:http`', subject: { module: nodeHttp, name: 'subject' }, own: {} },
  { name: 'Express', subject: { module: at('../../packages/express/test/subject.ts'), name: 'subject' }, own: {} },
  {
    name: 'Fastify',
    subject: { module: at('../../packages/fastify/test/subject.ts'), name: 'subject' },
    own: { B39: { status: 400, why: 'Fastify’s router refuses a path that it cannot decode, in its own words.' } },
  },
  {
    name: 'Hono on Node',
    subject: { module: at('../../examples/hono-edge/test/subject.ts'), name: 'subject' },
    own: {
      B18: noUrl,
      B19: noUrl,
      B31: {
        status: 200,
        why: `\`@hono/node-server\` takes the host of the target for the server’s own. ${isLenient}`,
      },
      B33: noUrl,
      B36: mended,
      B38: mended,
      B40: noUrl,
      B49: notTold,
      B64: staysOpen(413),
      B78: staysOpen(408),
      'B85 too large': staysOpen(413),
      'B87 two fields': { status: 401, why: '`Headers` makes one field of two, and nobody has a key like that.' },
    },
  },
  {
    name: 'Next',
    subject: { module: at('../../packages/next/test/subject.ts'), name: 'subject' },
    own: {
      B17: {
        status: 200,
        why: `Node keeps the first of two \`Host\`, and Next passes on what Node has kept. ${isLenient}`,
      },
      B31: byNext,
      B33: { status: 500, why: 'Next has no answer to this method.' },
      B34: byNext,
      B36: mended,
      B38: mended,
      B39: { status: 400, why: 'Next refuses a path that it cannot decode, with a page of its own.' },
      B40: byNext,
      B44: { status: 200, why: 'A `Request` has a URL, and what stands behind its `#` is sent to nobody.' },
      B47: { status: 500, why: 'Next has no answer to this method.' },
      B49: notTold,
      B64: staysOpen(413),
      B78: staysOpen(408),
      'B85 too large': staysOpen(413),
      'B87 two fields': { status: 200, why: 'Node keeps the first of two, and Next passes on what Node has kept.' },
    },
  },
  {
    name: 'the proxy',
    subject: null,
    own: {
      B16: lastOfItsConnection(400),
      B17: lastOfItsConnection(400),
      B19: lastOfItsConnection(400),
      'B29 150': lastOfItsConnection(431),
    },
  },
  { name: '`node:http`, not hardened', subject: { module: nodeHttp, name: 'bare' }, isBare: true, own: {} },
];
