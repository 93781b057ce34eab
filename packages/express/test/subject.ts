/** Express as the contract of adapters and the doorways see it. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeUpgrade } from '@sluice/core/live';
import { hardenServer } from '@sluice/core/node';
import type { AdapterSubject } from '@sluice/testkit/adapters';
import express from 'express';
import { sluice } from '../src/index.ts';

export const subject: AdapterSubject = {
  name: 'Express',
  ownHeaders: ['x-powered-by'],
  hasLive: true,
  async mount(mounts, door) {
    const app = express();
    for (const { path, gateway } of mounts) app.use(path, sluice(gateway));
    const server = createServer(app);
    if (door !== undefined) {
      hardenServer(server, door);
      for (const { path, gateway } of mounts) {
        const live = nodeUpgrade(gateway, { mountPath: path });
        server.on('upgrade', live);
        Object.assign(server, { shouldUpgradeCallback: live.isFor });
      }
    }
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => new Promise<void>((resolve) => server.close(() => resolve())),
    };
  },
};
