/** Next's app router as the doorways see it: the fixture that the tests build, behind a server of its own. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Gateway } from '@sluice/core';
import { nodeUpgrade } from '@sluice/core/live';
import { hardenServer } from '@sluice/core/node';
import type { AdapterSubject } from '@sluice/testkit/adapters';
import type { NextServer } from 'next/dist/server/next.js';
import { builtFixture, fixture } from './fixture.ts';

/** What `fixture/lib/handed-in.js` looks gateways up in, by path. */
const gateways = new Map<string, Gateway>();
Object.assign(globalThis, { [Symbol.for('sluice.next.test')]: gateways });

/** Where the routes of the fixture stand; each is taken once. */
const free = ['/', '/gemini', '/a/b/c'];
let started: Promise<NextServer> | null = null;

async function start(): Promise<NextServer> {
  await builtFixture();
  // Read when Next is loaded.
  Object.assign(process.env, { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
  const { default: next } = await import('next');
  // Next listens to upgrades of whatever server its first request came by, and ends those under its routes, which the
  // Live API's are. Given a server that nobody connects to, it leaves ours alone.
  const httpServer = createServer();
  const app = (next as unknown as (options: object) => NextServer)({ dev: false, dir: fixture, httpServer });
  await app.prepare();
  return app;
}

export const subject: AdapterSubject = {
  name: 'Next',
  hasLive: true,
  async mount([mount], door) {
    const path = free.shift();
    if (mount === undefined || path === undefined) throw new Error('The fixture has no further route.');
    gateways.set(path, mount.gateway);
    started ??= start();
    const app = await started;
    const under = `/base${path === '/' ? '' : path}`;
    const live = nodeUpgrade(mount.gateway, { mountPath: under });
    const server = createServer({ shouldUpgradeCallback: live.isFor }, app.getRequestHandler());
    server.on('upgrade', live);
    if (door !== undefined) hardenServer(server, door);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}${under}`,
      close: () => new Promise<void>((resolve) => server.close(() => resolve())),
    };
  },
};
