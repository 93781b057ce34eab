/** A program that starts every fault of the network and closes none. It ends when nothing keeps it. */

import { type NetworkFaultKind, networkFaults, startNetworkFault } from '@sluice/simulator/network';

for (const kind of Object.keys(networkFaults) as NetworkFaultKind[]) {
  if (kind !== 'black-hole' || process.platform === 'linux') await startNetworkFault(kind);
}
