/** Which frames may ask for anything. */

import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '@sluice/core';
import type { WebFrameMain } from 'electron';

/** A frame, as a rule of the app's own sees it. */
export interface FrameFacts {
  readonly url: string;
  /** Of its document; `null` in letters where it has none, as in a sandboxed iframe. */
  readonly origin: string;
  readonly isMainFrame: boolean;
}

/** Who is trusted. */
export interface TrustOptions {
  /**
   * Origins beside the app's own, for a development server: `http://localhost:5173`. Only this machine's.
   * @default []
   */
  trustedOrigins?: readonly string[] | undefined;
  /** Decides instead of everything that is said here. */
  isTrusted?: ((frame: FrameFacts) => boolean) | undefined;
}

/**
 * Trusted are main frames only: of files that belong to the app, of the scheme `app:`, which nobody but the app can
 * serve, and of the origins that are named. A frame that cannot be asked any more is not.
 *
 * @throws SluiceError `invalid_options` for an origin of somewhere else
 */
export function trustRule(
  { trustedOrigins = [], isTrusted }: TrustOptions,
  appPath: string,
): (frame: WebFrameMain | null) => frame is WebFrameMain {
  const origins = new Set(trustedOrigins.map(loopbackOrigin));
  const rule = isTrusted ?? (({ url, isMainFrame }) => isMainFrame && isOwn(url, appPath, origins));
  return (frame): frame is WebFrameMain => {
    try {
      if (frame === null || frame.isDestroyed() || frame.detached) return false;
      return rule({ url: frame.url, origin: frame.origin, isMainFrame: frame.parent === null }) === true;
    } catch {
      return false; // the frame went while it was looked at, or the app's rule threw
    }
  };
}

function isOwn(address: string, appPath: string, origins: ReadonlySet<string>): boolean {
  const url = new URL(address);
  if (url.protocol === 'app:') return true;
  if (url.protocol !== 'file:') return origins.has(url.origin);
  // With a host it is somebody else's disk.
  return url.host === '' && isInside(appPath, fileURLToPath(url));
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function loopbackOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHere =
    url !== null && /^https?:$/.test(url.protocol) && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (isHere && url.origin === text.replace(/\/$/, '')) return url.origin;
  const fault = `trustedOrigins: expected an origin of this machine like "http://localhost:5173", came ${JSON.stringify(text)}`;
  throw new SluiceError('invalid_options', `The options have a fault:\n- ${fault}`, { faults: [fault] });
}
