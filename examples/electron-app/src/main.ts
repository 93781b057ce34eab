/** Where Electron begins. It is bundled into one file beside the preload script and the page: see `bundle.ts`. */

import { fileURLToPath } from 'node:url';
import { startChatApp } from './app.ts';
import { openProvider } from './provider.ts';

const { given, isDemo } = await openProvider(process.env);
const preload = fileURLToPath(new URL('./preload.cjs', import.meta.url));

// Not awaited: Electron gets ready only when this file has been run to its end.
void startChatApp({ given, isDemo, preload }).then(({ gateway }) => {
  gateway.on('request', ({ call, status, durationMs }) =>
    console.log(`${call} ${status} ${Math.round(durationMs)} ms`),
  );
});
