/**
 * Entry `@sluice/simulator/network`: what can be wrong below HTTP, as addresses that a client cannot talk to and as
 * lookups that fail.
 *
 * @module
 */

export { testAuthority } from './network/certificates.ts';
export type { NetworkFaultKind } from './network/kinds.ts';
export { networkFaults } from './network/kinds.ts';
export { lookups } from './network/lookups.ts';
export type { NetworkFault, NetworkFaultOptions } from './network/network-fault.ts';
export { startNetworkFault } from './network/network-fault.ts';
