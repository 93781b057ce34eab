/** What a reader needs before the table of `docs/adapters.md`: which adapter to take, and what each framework does on its own. */

/** How the page is written anew. */
export const rewriteCommand = 'npm run doorways -- --write';

export const intro = `# Adapters

A gateway is the same behind every door. This page says which one to take, what each framework does before a gateway is
asked, and what comes of ninety kinds of bad input at each of them. The table is written by a run of
[doorways](../doorways/README.md), and a test compares it with each run: \`${rewriteCommand}\` rewrites it.

## Which one

| where you are | take | |
| --- | --- | --- |
| nowhere yet | the reference proxy, a process: \`npm start\` | [examples/proxy](../examples/proxy/README.md) |
| Node's own server, or any framework that hands out \`req\` and \`res\` | \`nodeListener\` of \`@sluice/core/node\` | [packages/core](../packages/core/README.md) |
| Express 5 | \`@sluice/express\` | [packages/express](../packages/express/README.md) |
| Fastify 5 | \`@sluice/fastify\` | [packages/fastify](../packages/fastify/README.md) |
| Next, app router or pages router | \`@sluice/next\` | [packages/next](../packages/next/README.md) |
| Hono, Workers, Bun, Deno: whatever speaks \`Request\` and \`Response\` | \`fetchHandler\` of \`@sluice/core/web\` | [examples/hono-edge](../examples/hono-edge/README.md) |
| the same process as the client | \`gateway.fetch\` | [README](../README.md) |

The line that mounts it, in each of them:

\`\`\`ts
import { createServer } from 'node:http';
import { createGateway } from '@sluice/core';
import { hardenServer, nodeListener } from '@sluice/core/node';

const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
const server = createServer(nodeListener(gateway));
hardenServer(server);
server.listen(8787);
\`\`\`

\`\`\`ts
import { hardenServer } from '@sluice/core/node';
import { sluice } from '@sluice/express';
import express from 'express';

const app = express();
app.use('/gemini', sluice({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS }));
hardenServer(app.listen(3000)); // in the same turn
\`\`\`

\`\`\`ts
import { hardenServer } from '@sluice/core/node';
import { sluice } from '@sluice/fastify';
import Fastify from 'fastify';

const app = Fastify();
app.register(sluice, { prefix: '/gemini', keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
hardenServer(app.server); // before it listens
await app.listen({ port: 3000 });
\`\`\`

\`\`\`ts
// app/gemini/[...path]/route.ts
import { sluice } from '@sluice/next';

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = sluice({
  keys: process.env.GEMINI_API_KEYS,
  callers: process.env.SLUICE_API_KEYS,
});
\`\`\`

\`\`\`ts
import { createGateway } from '@sluice/core';
import { fetchHandler } from '@sluice/core/web';
import { Hono } from 'hono';

const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
const gemini = fetchHandler(gateway, { mountPath: '/gemini' });
const app = new Hono();
app.all('/gemini/*', (context) => gemini(context.req.raw));
export default app;
\`\`\`

\`\`\`sh
GEMINI_API_KEYS=AIza... SLUICE_API_KEYS=alice=... npm start
\`\`\`

## What a server does on its own

**Node's parser is asked first.** What is no HTTP/1.1 never becomes a request, so no framework and no gateway sees it. Node
answers that with an empty page, or closes without a word (\`CONNECT\`), and looks for slow headers every 30 s.
\`hardenServer(server)\` is one line for any server of Node's: the same refusals in Google's shape, with a reason that
clients can show; 408 for headers that take longer than \`headersInMs\` (10 s); 401 and 413 before \`100 Continue\`. Call it
before the server listens, or in the same turn. It stands in for other listeners of \`clientError\`, and leaves those of
\`connect\`, \`checkExpectation\` and \`checkContinue\` alone. The proxy has it built in.

- **\`node:http\`** passes every target on as it was sent.
- **Express** does too, and finds the mount by the path. Body parsers go below the line of the gateway.
- **Fastify** decodes a path to find its route, and refuses what cannot be decoded. Parsers and \`bodyLimit\` of the app do
  not touch the gateway.
- **Hono**, like everything that speaks \`Request\`, knows a URL where the others have the target as it was sent: dots are
  gone before a handler runs, and fields that came twice are one. What is checked is what goes on.
- **Next** mends paths as well, or sends clients on to the path as it would write it, and keeps the first of two fields, as
  Node does. From its first request on it also listens to upgrades, and ends those under its routes, where the Live API is:
  a custom server that takes sessions gives \`next({ httpServer })\` a server that nobody connects to.
- **The proxy** is \`node:http\` with routes, a log and metrics around it. A request with no \`Host\`, with two, or with more
  than a hundred fields is the last one of its connection.

## Bad input

Every line was sent over a raw socket, to a gateway at the root of its server (in Next, below a base path), as the bytes
that the line names and nothing else. After each of them a proper request was answered. Bodies may have 16 MiB here (the default is 100 MiB), and where
something comes too slowly the limit is 400 ms.

- **passed on: 200** means that the provider got exactly the bytes that were sent, once, and what it said came back. A
  simulator stands in for Google, and its word on a body that is odd need not be Google's.
- A status with a reason is the gateway's own, in Google's shape; nothing went to the provider. **closed** means that the
  connection cannot be used again.
- **same** is what stands in "what comes", to the word. No answer shows a stack, a path of a file, the prompt or a key, at
  any door.
`;
