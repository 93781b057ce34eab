/** The app on Deno: the bundle of it, with `--allow-net --allow-env`. */

import { makeApp } from './app.ts';
import { optionsFrom } from './environment.ts';

interface ServeOptions {
  readonly hostname: string;
  readonly port: number;
  onListen(address: { hostname: string; port: number }): void;
}

declare const Deno: {
  readonly env: { toObject(): Record<string, string> };
  serve(options: ServeOptions, handler: (request: Request) => Response | Promise<Response>): unknown;
};

const environment: Record<string, string | undefined> = Deno.env.toObject();
const { PORT = '8787', HOST = '127.0.0.1' } = environment;
const app = makeApp(optionsFrom(environment));
const onListen: ServeOptions['onListen'] = ({ hostname, port }) => {
  console.log(`Gemini is at http://${hostname}:${port}/gemini`);
};
Deno.serve({ hostname: HOST, port: Number(PORT), onListen }, (request) => app.fetch(request));
