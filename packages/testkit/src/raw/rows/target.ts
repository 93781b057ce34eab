/** B31 to B52: the first line: targets, methods, versions, and what is no HTTP/1.1 at all. */

import type { Expected, RawInput } from '../input.ts';
import { bytes, refused, request, unary, unparsed, wished } from '../request.ts';

const nowhere = refused(404, 'NOT_FOUND');
const noPath = refused(400, 'INVALID_REQUEST');
const noMethod = refused(405, 'METHOD_NOT_ALLOWED');

/** A path that a URL parser, a router or a server behind could turn into another one. */
function path(id: string, what: string, target: string, expected: Expected): RawInput {
  return { id, what, cases: [wished(expected, { target })] };
}

function raw(id: string, what: string, text: string, expected: Expected): RawInput {
  return { id, what, cases: [{ name: '', sends: () => bytes(text), expected }] };
}

/** The first flight of TLS 1.2, as far as a server of HTTP reads it. */
const tlsHello = '\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03';

/** What stands in the first line. */
export const targets: readonly RawInput[] = [
  {
    id: 'B31',
    what: 'a target with the host of a metadata service',
    cases: [
      {
        name: '',
        sends: (to) => request(to, { wholeTarget: `http://169.254.169.254${to.prefix}${unary}` }),
        expected: noPath,
      },
    ],
  },
  raw('B32', '`CONNECT`', 'CONNECT example.test:443 HTTP/1.1\r\nhost: example.test:443\r\n\r\n', {
    by: 'parser',
    statuses: [405],
    reason: 'METHOD_NOT_ALLOWED',
    closes: true,
  }),
  {
    id: 'B33',
    what: '`OPTIONS *`',
    cases: [wished(noMethod, { method: 'OPTIONS', wholeTarget: '*', body: null })],
  },
  path('B34', '`//v1beta/…`', '//v1beta/models/gemini-2.5-flash:generateContent', nowhere),
  path('B35', '`%2F` in a path', '/v1beta%2Fmodels/gemini-2.5-flash:generateContent', nowhere),
  path('B36', '`/x/../` in a path', '/v1beta/models/x/../gemini-2.5-flash:generateContent', nowhere),
  path('B37', '`..;/` in a path', '/v1beta/models/..;/models/gemini-2.5-flash:generateContent', nowhere),
  path('B38', '`%2e%2e` in a path', '/v1beta/models/x/%2e%2e/gemini-2.5-flash:generateContent', nowhere),
  path('B39', '`%zz` in a path', '/v1beta/models/%zz:generateContent', noPath),
  path('B40', 'backslashes', '/v1beta\\models\\gemini-2.5-flash:generateContent', noPath),
  path('B41', '`%00` in a path', '/v1beta/models/gemini%00:generateContent', noPath),
  path('B42', 'a version in capitals', '/V1BETA/models/gemini-2.5-flash:generateContent', nowhere),
  path('B43', 'a blank in a target', '/v1beta/models/gemini 2.5:generateContent', unparsed()),
  path('B44', 'a fragment in a target', '/v1beta/models/gemini-2.5-flash:generateContent#top', noPath),
  path('B45', 'a target outside ASCII', '/v1beta/models/gemini-\u00fc:generateContent', unparsed()),
  { id: 'B46', what: 'the method `FOO`', cases: [wished(unparsed(), { method: 'FOO' })] },
  { id: 'B47', what: '`TRACE`', cases: [wished(noMethod, { method: 'TRACE', body: null })] },
  {
    ...raw('B48', 'HTTP/0.9', 'GET /v1beta/models\r\n', unparsed(408, 'REQUEST_TIMEOUT')),
    needs: 'hasty',
    rule: 'the parser waits for a head that never ends',
  },
  {
    id: 'B49',
    what: '`HTTP/2.0` in the first line',
    cases: [wished({ ...noPath, closes: true }, { version: 'HTTP/2.0' })],
  },
  { id: 'B50', what: '`HTTP/1.2`', cases: [wished(unparsed(), { version: 'HTTP/1.2' })] },
  raw('B51', 'the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', unparsed()),
  raw('B52', 'the hello of TLS', tlsHello, unparsed()),
];
