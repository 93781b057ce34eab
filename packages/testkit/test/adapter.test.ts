import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hardenServer, nodeListener } from '@sluice/core/node';
import { describeAdapter } from '@sluice/testkit/adapters';

// The least that can be called a framework: it finds the gateway by its path. What this one cannot keep, none has to.
describeAdapter(
  {
    name: 'a table of paths',
    // What has a host, or no path at all, is not in the table.
    ownAnswers: { B31: 404, B33: 404 },
    async mount(mounts, door) {
      const table = mounts.map(({ path, gateway }) => {
        const prefix = path.replace(/\/+$/, '');
        return { prefix, listener: nodeListener(gateway, { mountPath: path }) };
      });
      const server = createServer((req, res) => {
        const found = table.find(({ prefix }) => new RegExp(`^${prefix}(?:[/?]|$)`).test(req.url ?? ''));
        if (found === undefined) res.writeHead(404).end();
        else found.listener(req, res);
      });
      if (door !== undefined) hardenServer(server, door);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return {
        origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () => new Promise<void>((resolve) => server.close(() => resolve())),
      };
    },
  },
  { rawInputs: true },
);
