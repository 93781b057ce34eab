/** Express 5 with one thing in it, as an app would have it: `express.ts raw|sluice`. */

import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { announce } from './announce.ts';
import { gatewayOptions } from './options.ts';
import { passOn } from './raw.ts';

type Middleware = (req: never, res: never) => void;
interface App extends RequestListener {
  use(middleware: Middleware): void;
  disable(setting: string): void;
}

const require = createRequire(import.meta.url);
const express = require('express') as () => App;
const app = express();
app.use(process.argv[2] === 'sluice' ? await adapter() : (passOn as Middleware));
announce(createServer(app));

async function adapter(): Promise<Middleware> {
  const entry = join(process.env.BENCH_PACKAGES as string, 'express', 'dist', 'index.js');
  const { sluice } = (await import(pathToFileURL(entry).href)) as typeof import('@sluice/express');
  return sluice(gatewayOptions()) as Middleware;
}
