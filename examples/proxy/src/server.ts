/** The proxy as a process: settings, gateway, listener, banner; then it runs until it is told to go down. */

import { isSluiceError } from '@sluice/core';
import { localOrigin, originOf } from './address.ts';
import { bannerText, paintFor } from './banner.ts';
import { callerKeyPath, localCallerKey } from './caller-key.ts';
import { complete, type Draft, readDraft } from './configuration.ts';
import { openHouse } from './house.ts';
import { signalCounter } from './lifecycle.ts';
import { listen } from './listen.ts';
import { type Log, openLog } from './log.ts';

try {
  await start(readDraft(process.env));
} catch (error) {
  // What can be mended by whoever starts the process is said in words; anything else is a bug and shows its stack.
  if (!isSluiceError(error, 'invalid_options')) throw error;
  process.stderr.write(`sluice: ${error.message}\n`);
  process.exit(1);
}

async function start(draft: Draft): Promise<void> {
  const { isDemo, needsCaller, dataFolder, callersFrom } = draft;
  const key = needsCaller ? localCallerKey(dataFolder) : null;
  // Loaded for this alone: with keys of its own the process has no simulator in it.
  const demo = isDemo ? await (await import('./demo.ts')).startDemo() : null;
  const configuration = complete(draft, {
    ...(key === null ? {} : { callers: [{ id: 'local', key }] }),
    ...(demo === null ? {} : { pools: demo.pools }),
  });
  const { host, port: wanted } = configuration.server;
  const log = openLog(configuration.log);
  const house = openHouse(configuration, { log: log.to, isDemo, callersFrom });
  const port = await listen(house.server, host, wanted);
  leaveOnSignals(log, async () => {
    await house.goDown();
    await demo?.close();
  });
  log.to.info({ host, port, isDemo }, 'listening');
  const made = key === null ? null : { key, path: callerKeyPath(dataFolder) };
  const banner = { origin: localOrigin(host, port), listening: originOf(host, port), isDemo, callersFrom, made };
  process.stderr.write(bannerText(banner, paintFor(process.stderr)));
}

/** The ways out: 0 when everything has ended well, 1 at once when somebody insists or something is broken. */
function leaveOnSignals(log: Log, goDown: () => Promise<void>): void {
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
  process.on('uncaughtException', onBug);
}
