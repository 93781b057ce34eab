/**
 * Entry `@sluice/core/node`: a gateway as a listener of `node:http`, and undici as the way to providers.
 *
 * @module
 */

export { type HardenServerOptions, hardenServer } from './client/harden-server.ts';
export { trustedAddresses } from './client/trusted-addresses.ts';
export {
  type CloseOptions,
  type LocalListener,
  type LocalListenerOptions,
  listenLocally,
} from './local/listen-locally.ts';
export { type NodeListener, type NodeListenerOptions, nodeListener } from './node-listener.ts';
export { type UndiciOptions, undiciUpstream } from './upstream/undici.ts';
