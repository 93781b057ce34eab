/** F89 to F96: what the client does, and what the provider says of itself. */

import { play, type Row, whole } from '../row.ts';
import { hangUps } from '../scenarios/hang-ups.ts';
import { slowReaders } from '../scenarios/slow-readers.ts';

const fine = { both: whole() };

/** Every row of a client, and the last ones. */
export const clientRows: readonly Row[] = [
  {
    id: 'F89',
    note: 'Reads nothing for five minutes of the clock; the second case for longer than `slowReaderMs`.',
    cases: slowReaders,
  },
  { id: 'F90', cases: hangUps.filter(({ name }) => !name.includes('ignores-fin')) },
  { id: 'F91', cases: hangUps.filter(({ name }) => name.includes('ignores-fin')) },
  { id: 'F92', cases: [{ name: 'HTTP/2', notPlayed: 'the gateway speaks HTTP/1.1 to the provider' }] },
  { id: 'F93', cases: [{ name: 'gRPC', notPlayed: 'the gateway speaks JSON over HTTP/1.1 to the provider' }] },
  {
    id: 'F94',
    note: 'Byte-strict: the reason reaches the client as it is, and is never turned into `STOP`.',
    cases: [play('malformed-function-call', fine), play('unexpected-tool-call', fine), play('finish-other', fine)],
  },
  {
    id: 'F95',
    note: 'The answer passes as it came; what is counted is never less than nothing.',
    cases: [
      play('usage-missing', fine),
      play('usage-negative', fine),
      play('usage-huge', fine),
      play('usage-first', fine),
    ],
  },
  {
    id: 'F96',
    note: 'A stream is over after `timeouts.afterTerminalMs`, 2 s; a unary answer after `idleMs`, 60 s.',
    cases: [
      play('finish-then-hang', {
        stream: whole(1, { betweenMs: [2_000, 50_000] }),
        unary: whole(1, { betweenMs: [60_000, 110_000] }),
      }),
    ],
  },
];
