/** Fastify as the contract of adapters and the doorways see it. */

import { nodeUpgrade } from '@sluice/core/live';
import { hardenServer } from '@sluice/core/node';
import type { AdapterSubject } from '@sluice/testkit/adapters';
import Fastify from 'fastify';
import { sluice } from '../src/index.ts';

export const subject: AdapterSubject = {
  name: 'Fastify',
  // The router decodes paths to find a route, and refuses what it cannot decode before any plugin is asked.
  ownRefusals: ['/v1beta/models/%zz:generateContent'],
  ownAnswers: { B39: 400 },
  hasLive: true,
  async mount(mounts, door) {
    const app = Fastify();
    for (const { path, gateway } of mounts) app.register(sluice, { prefix: path, gateway });
    if (door !== undefined) {
      hardenServer(app.server, door);
      for (const { path, gateway } of mounts) {
        const live = nodeUpgrade(gateway, { mountPath: path });
        app.server.on('upgrade', live);
        Object.assign(app.server, { shouldUpgradeCallback: live.isFor });
      }
    }
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    return { origin, close: () => app.close() };
  },
};
