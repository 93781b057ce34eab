import { describeAdapter } from '@sluice/testkit';
import Fastify from 'fastify';
import { sluice } from '../src/index.ts';

describeAdapter({
  name: 'Fastify',
  // The router decodes paths to find a route, and refuses what it cannot decode before any plugin is asked.
  ownRefusals: ['/v1beta/models/%zz:generateContent'],
  async mount(mounts) {
    const app = Fastify();
    for (const { path, gateway } of mounts) app.register(sluice, { prefix: path, gateway });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    return { origin, close: () => app.close() };
  },
});
