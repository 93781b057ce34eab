/**
 * Entry `@sluice/electron`: a Gemini backend for the main process. The key stays there, windows get the stream.
 *
 * @module
 */

import type { Gateway } from '@sluice/core';
import { type GeminiBackend, type GeminiOptions, openBackend } from './backend.ts';
import { app, ipcMain, protocol, safeStorage } from './electron.ts';
import { type GatewayScheme, type ProtocolHost, serveScheme } from './protocol.ts';

export type { GeminiBackend, GeminiOptions } from './backend.ts';
export type { KeyState } from './contract.ts';
export type { AppGatewayOptions, GivenKeys } from './key-options.ts';
export { type GatewayScheme, gatewayScheme, type PrivilegedScheme, type ProtocolHost } from './protocol.ts';
export type { FrameFacts, TrustOptions } from './trusted-frames.ts';

/**
 * Opens the backend of `window.gemini`, for all windows of the app. Once, before the first window loads; the app need
 * not be ready yet.
 *
 * The user's key is encrypted by the system, or under a passphrase, or not kept at all; it never reaches a window, a log
 * or an error. Calls go through a gateway in this process, so they are retried, and broken circuits are left alone.
 * Whoever asks is looked at each time: see `trustedOrigins`.
 *
 * @throws SluiceError `invalid_options` that lists every fault
 * @example
 * const backend = registerGemini({ model: 'gemini-2.5-pro' });
 * backend.gateway.on('request', ({ status, durationMs }) => console.log(status, durationMs));
 */
export function registerGemini(options: GeminiOptions = {}): GeminiBackend {
  return openBackend(options, { app, ipcMain, safeStorage });
}

/**
 * Serves a gateway under `sluice://gemini`, for pages that use Google's SDK themselves: they need the key that is
 * returned, and the scheme needs `gatewayScheme()` before the app is ready. Afterwards, when it is.
 *
 * @param host - of another session than the default one
 * @example
 * import { app } from 'electron';
 *
 * const { gateway } = registerGemini();
 * app.whenReady().then(() => {
 *   const { url, key } = registerProtocol(gateway);
 *   console.log(url, key.length);
 * });
 */
export function registerProtocol(
  gateway: Gateway,
  {
    scheme = 'sluice',
    host = protocol,
  }: { readonly scheme?: string | undefined; readonly host?: ProtocolHost | undefined } = {},
): GatewayScheme {
  return serveScheme(gateway, host, scheme);
}
