/** The app on Bun: `bun src/bun.ts`, or the bundle of it. */

import { makeApp } from './app.ts';
import { optionsFrom } from './environment.ts';

declare const Bun: {
  serve(options: { hostname: string; port: number; idleTimeout: number; fetch(request: Request): unknown }): {
    url: URL;
  };
};

const { PORT = '8787', HOST = '127.0.0.1' } = process.env;
const app = makeApp(optionsFrom(process.env));
// Bun ends connections that are silent for 10 s, and a model may think for longer: the gateway has limits of its own.
const { url } = Bun.serve({
  hostname: HOST,
  port: Number(PORT),
  idleTimeout: 0,
  fetch: (request) => app.fetch(request),
});
console.log(`Gemini is at ${new URL('/gemini', url)}`);
