/** B16 to B30: the fields of a head. */

import type { RawInput } from '../input.ts';
import { passedOn, refused, unparsed, wished } from '../request.ts';

const badHost = refused(400, 'INVALID_REQUEST');

/** A line of the head that is no field. */
function line(id: string, what: string, text: string): RawInput {
  return { id, what, cases: [wished(unparsed(), { more: [text] })] };
}

function fields(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `x-${at}: 1`);
}

/** Hosts, names, values, sizes. */
export const heads: readonly RawInput[] = [
  { id: 'B16', what: 'no `Host`', cases: [wished(unparsed(), { host: null })] },
  { id: 'B17', what: 'two `Host`', cases: [wished(badHost, { more: ['host: elsewhere.test'] })] },
  { id: 'B18', what: '`Host: a/b?c`', cases: [wished(badHost, { host: 'a/b?c' })] },
  { id: 'B19', what: 'an empty `Host`', cases: [wished(badHost, { host: '' })] },
  line('B20', 'a blank before the colon', 'x-blank : 1'),
  line('B21', 'a folded line', 'x-folded: 1\r\n 2'),
  line('B22', 'NUL in a value', 'x-nul: a\0b'),
  line('B23', 'CR alone in a value', 'x-cr: a\rb'),
  {
    id: 'B24',
    what: 'lines that end in LF alone',
    cases: [
      {
        name: '',
        sends: ({ prefix, key }) => ({
          pieces: [`POST ${prefix}/v1beta/models HTTP/1.1\nhost: localhost\nx-goog-api-key: ${key}\n\n`],
          body: null,
        }),
        expected: unparsed(),
      },
    ],
  },
  line('B25', 'a blank in a name', 'x blank: 1'),
  line('B26', 'a name outside ASCII', 'x-\u00fc: 1'),
  { id: 'B27', what: 'a field called `__proto__`', cases: [wished(passedOn(200), { more: ['__proto__: polluted'] })] },
  {
    id: 'B28',
    what: 'a field of 17 KB',
    cases: [wished(unparsed(431, 'HEADERS_TOO_LARGE'), { more: [`x-long: ${'x'.repeat(17_000)}`] })],
  },
  {
    id: 'B29',
    what: '2,100 fields, and 150',
    cases: [
      wished(unparsed(431, 'HEADERS_TOO_LARGE'), { more: fields(2_100) }, '2,100'),
      wished(refused(431, 'HEADERS_TOO_LARGE'), { more: fields(150) }, '150'),
    ],
  },
  {
    id: 'B30',
    what: 'a target of 20 KB',
    cases: [
      wished(
        { by: 'parser', statuses: [[414, 431]], reason: 'URI_TOO_LONG', closes: true },
        { target: `/v1beta/models/${'x'.repeat(20_000)}:generateContent` },
      ),
    ],
  },
];
