/** F01 to F13: no connection, or none that lasts. */

import { lookups } from '@sluice/simulator/network';
import { atAddresses, onNetwork, play, type Row, refused, whole } from '../row.ts';

const unreachable = refused(502, 'UPSTREAM_UNREACHABLE', 3, { host: 3, counted: 0, mostPauseMs: 1_000 });
/** undici gives up connecting by itself; `fetch` has no such limit, so the one for headers is met. */
const noConnection = {
  undici: refused(504, 'UPSTREAM_TIMEOUT', 3, { host: 3, counted: 0 }),
  fetch: refused(504, 'UPSTREAM_TIMEOUT', 1, { model: 1, betweenMs: [600_000, 700_000] }),
};
const untrusted = refused(502, 'UPSTREAM_TLS', 1, { host: 1, counted: 0 });
/** Well the second time. */
const again = whole(2, { host: 1 });
const reset = refused(502, 'UPSTREAM_UNREACHABLE', 3, { host: 3 });

/** Every row of a connection. */
export const connectionRows: readonly Row[] = [
  { id: 'F01', cases: [onNetwork('refused', unreachable)] },
  {
    id: 'F02',
    note: 'Tried three times, as everything that never reached the host. Node’s `fetch` takes no lookup of ours.',
    cases: [atAddresses('nxdomain', () => lookups.nxdomain, unreachable)],
  },
  { id: 'F03', cases: [atAddresses('againOnce', () => lookups.againOnce(), whole(2, { counted: 1, host: 1 }))] },
  {
    id: 'F04',
    note: 'undici with a `connectMs` of 60 ms; `fetch` has no limit of its own for connecting.',
    cases: [onNetwork('black-hole', noConnection, { isInRealTime: true })],
  },
  {
    id: 'F05',
    cases: [
      onNetwork('tls-self-signed', untrusted),
      onNetwork('tls-expired', untrusted, { trusted: true }),
      onNetwork('tls-wrong-host', untrusted, { trusted: true }),
    ],
  },
  { id: 'F06', note: 'As F04.', cases: [onNetwork('tls-silent', noConnection, { isInRealTime: true })] },
  { id: 'F07', cases: [onNetwork('tls-alert', reset)] },
  {
    id: 'F08',
    note: 'The first question leaves its connection to the second. undici can tell that nobody is to blame, `fetch` cannot.',
    cases: [play(['ok', 'rst-when-reused'], { both: { undici: whole(2), fetch: again } }, { warmUps: 1 })],
  },
  {
    id: 'F09',
    cases: [play('rst-before-headers', { both: reset }), play(['rst-before-headers', 'ok'], { both: again })],
  },
  {
    id: 'F10',
    cases: [play('fin-before-headers', { both: reset }), play(['fin-before-headers', 'ok'], { both: again })],
  },
  { id: 'F11', cases: [play('rst-mid-headers', { both: reset }), play(['rst-mid-headers', 'ok'], { both: again })] },
  { id: 'F12', cases: [play('fin-mid-headers', { both: reset }), play(['fin-mid-headers', 'ok'], { both: again })] },
  {
    id: 'F13',
    note: 'The first address is a black hole with the port of the provider; undici’s own limit is 2 s.',
    cases: [
      atAddresses('deadFirst', () => lookups.deadFirst('127.0.0.2'), whole(), {
        dead: '127.0.0.2',
        isInRealTime: true,
      }),
    ],
  },
];
