/** The app on Cloudflare Workers, and wherever else a module with a `fetch` is a server. Keys are bindings. */

import { type EdgeApp, makeApp } from './app.ts';
import { type Environment, optionsFrom } from './environment.ts';

/** One per isolate, made with the first request: bindings come with it, and before it nothing random may be asked for. */
let app: EdgeApp | undefined;

const worker: { fetch(request: Request, env: Environment, context: unknown): Response | Promise<Response> } = {
  fetch(request, env, context) {
    app ??= makeApp(optionsFrom(env));
    return app.fetch(request, env, context);
  },
};
export default worker;
