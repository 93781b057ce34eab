/** The Next app that the bench has built, started as a server of one's own would: what is in its route, `BENCH_WAY` says. */

import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { announce } from './announce.ts';

type Next = typeof import('next').default;

const next = createRequire(import.meta.url)('next') as Next;
const app = next({ dev: false, dir: process.env.BENCH_NEXT_APP as string, quiet: true });
await app.prepare();
announce(createServer(app.getRequestHandler()));
