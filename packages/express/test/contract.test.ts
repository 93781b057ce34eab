import type { AddressInfo } from 'node:net';
import { describeAdapter } from '@sluice/testkit';
import express from 'express';
import { sluice } from '../src/index.ts';

describeAdapter({
  name: 'Express',
  ownHeaders: ['x-powered-by'],
  async mount(mounts) {
    const app = express();
    for (const { path, gateway } of mounts) app.use(path, sluice(gateway));
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => new Promise<void>((resolve) => server.close(() => resolve())),
    };
  },
});
