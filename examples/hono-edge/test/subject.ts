/** Hono on Node as the doorways see it: a handler of web standards behind `@hono/node-server`. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { nodeUpgrade } from '@sluice/core/live';
import { hardenServer } from '@sluice/core/node';
import { fetchHandler } from '@sluice/core/web';
import type { AdapterSubject } from '@sluice/testkit/adapters';
import { Hono } from 'hono';

export const subject: AdapterSubject = {
  name: 'Hono',
  hasLive: true,
  async mount(mounts, door) {
    const app = new Hono();
    for (const { path, gateway } of mounts) {
      const handler = fetchHandler(gateway, { mountPath: path });
      app.all(`${path.replace(/\/+$/, '')}/*`, (c) => handler(c.req.raw));
    }
    const server = createAdaptorServer({ fetch: app.fetch }) as Server;
    if (door !== undefined) {
      hardenServer(server, door);
      for (const { path, gateway } of mounts) {
        const live = nodeUpgrade(gateway, { mountPath: path });
        server.removeAllListeners('upgrade').on('upgrade', live);
        Object.assign(server, { shouldUpgradeCallback: live.isFor });
      }
    }
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
  },
};
