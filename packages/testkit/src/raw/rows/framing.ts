/** B01 to B15: where a request ends. What two servers could read in two ways is refused, and its connection is not used again. */

import type { RawInput } from '../input.ts';
import { bytes, chunked, headOf, passedOn, prompt, unparsed, wished } from '../request.ts';

const length = String(prompt.length);

/** A body with its own idea of how it ends. */
function framed(id: string, what: string, lines: readonly string[], body = '0\r\n\r\n'): RawInput {
  const sends: RawInput['cases'][number]['sends'] = (to) => bytes(headOf(to, { length: null, more: lines }, 0), body);
  return { id, what, cases: [{ name: '', sends, expected: unparsed() }] };
}

/** Lengths and codings of a body. */
export const framing: readonly RawInput[] = [
  { id: 'B01', what: 'a valid request', cases: [wished({ ...passedOn(200), closes: false }, {})] },
  framed('B02', '`Content-Length` beside `Transfer-Encoding: chunked`', [
    'content-length: 5',
    'transfer-encoding: chunked',
  ]),
  framed('B03', '`Transfer-Encoding: chunked, identity`', ['transfer-encoding: chunked, identity']),
  framed('B04', '`Transfer-Encoding: xchunked`', ['transfer-encoding: xchunked']),
  framed('B05', '`Transfer-Encoding` twice', ['transfer-encoding: chunked', 'transfer-encoding: chunked']),
  framed('B06', 'the same `Content-Length` twice', [`content-length: ${length}`, `content-length: ${length}`], prompt),
  framed('B07', 'two `Content-Length` that differ', [`content-length: ${length}`, 'content-length: 3'], prompt),
  framed('B08', '`Content-Length: -1`', ['content-length: -1'], prompt),
  framed('B09', '`Content-Length: +13`', ['content-length: +13'], prompt),
  framed('B10', '`Content-Length: 13, 13`', ['content-length: 13, 13'], prompt),
  framed('B11', '`Content-Length: 0x0d`', ['content-length: 0x0d'], prompt),
  framed('B12', '`Content-Length` of 10²⁰', ['content-length: 100000000000000000000'], prompt),
  {
    id: 'B13',
    what: 'a chunk whose size is no number',
    cases: [{ name: '', sends: (to) => chunked(to, {}, `5\r\n{"con\r\nzz\r\n`), expected: unparsed() }],
  },
  {
    id: 'B14',
    what: '20 KB of chunk extensions',
    cases: [
      {
        name: '',
        sends: (to) => chunked(to, {}, `5;${'x'.repeat(20_000)}\r\n{"con\r\n`),
        expected: unparsed(413, 'PAYLOAD_TOO_LARGE'),
      },
    ],
  },
  {
    id: 'B15',
    what: 'chunks that end in LF alone',
    cases: [{ name: '', sends: (to) => chunked(to, {}, `5\n{"con\n0\n\n`), expected: unparsed() }],
  },
];
