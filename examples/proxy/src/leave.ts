/** The ways out: 0 when everything has ended well, 1 at once when somebody insists or something is broken. */

import { signalCounter } from './lifecycle.ts';
import type { Log } from './log.ts';

/** What is done before the process leaves. */
export interface Leaving {
  goDown(): Promise<void>;
  /** A SIGHUP came; `leave` takes it for one of the signals that end the process. */
  onHangUp(leave: () => void): void;
}

/** Listens to signals from now on. */
export function leaveOnSignals(log: Log, { goDown, onHangUp }: Leaving): void {
  function leave(code: number, words: string): void {
    log.to.info({ code }, words);
    log.flush().then(() => process.exit(code));
  }
  function onBug(error: unknown): void {
    log.to.fatal({ err: error }, 'bug');
    leave(1, 'stopped');
  }
  const onSignal = signalCounter({
    now: () => performance.now(),
    onFirst: (signal) => {
      log.to.info({ signal }, 'going down');
      goDown().then(() => leave(0, 'stopped'), onBug);
    },
    onSecond: () => leave(1, 'stopped at once'),
  });
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', (signal) => onHangUp(() => onSignal(signal)));
  process.on('uncaughtException', onBug);
}
