/**
 * Entry `@sluice/electron/preload`: gives the page of a window `window.gemini`.
 *
 * @module
 */

import { contextBridge, ipcRenderer } from 'electron';
import { bridgeOver } from './bridge.ts';

/**
 * Exposes a `GeminiBridge` to the page. For preload scripts that do more than this; one that does nothing else is there
 * already, as the file `@sluice/electron/preload.cjs`.
 *
 * @param name - what it is called in the page. @default 'gemini'
 * @example
 * exposeGemini();
 */
export function exposeGemini(name = 'gemini'): void {
  // Functions of our own and what is cloned: never `ipcRenderer`, nor an event of it.
  contextBridge.exposeInMainWorld(name, bridgeOver(ipcRenderer));
}
