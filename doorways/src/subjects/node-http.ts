/** The gateway as a listener of `node:http`: as it stands, and with the one line that hardens the server. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeUpgrade } from '@sluice/core/live';
import { hardenServer, nodeListener } from '@sluice/core/node';
import type { AdapterDoor, AdapterMount, AdapterSubject, MountedApp } from '@sluice/testkit/adapters';

/** Without a line more. Live is mounted all the same, to see what Node does with bad handshakes. */
export const bare: AdapterSubject = { name: 'node:http alone', hasLive: true, mount: (mounts) => open(mounts) };

export const subject: AdapterSubject = { name: 'node:http', hasLive: true, mount: open };

async function open([mount]: readonly AdapterMount[], door?: AdapterDoor): Promise<MountedApp> {
  const { gateway, path: mountPath } = mount as AdapterMount;
  const live = nodeUpgrade(gateway, { mountPath });
  const server = createServer({ shouldUpgradeCallback: live.isFor }, nodeListener(gateway, { mountPath }));
  server.on('upgrade', live);
  if (door !== undefined) hardenServer(server, door);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
