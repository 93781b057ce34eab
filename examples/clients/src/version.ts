/** Which version of a client is installed. */

import { readFileSync } from 'node:fs';

/** From the installed package itself. */
export function versionOf(name: string): string {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
