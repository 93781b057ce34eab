/** The proxy as a process: settings, store, gateway, listener, banner; then it runs until it is told to go down. */

import { isSluiceError, type ResolvedConfiguration } from '@sluice/core';
import type { Logger } from 'pino';
import { localOrigin, originOf } from './address.ts';
import { bannerText, paintFor } from './banner.ts';
import { callerKeyPath, localCallerKey } from './caller-key.ts';
import { watchConfigFile } from './config-watch.ts';
import { complete, type Draft, readDraft } from './configuration.ts';
import { type ControlOptions, openControl } from './control.ts';
import type { Demo } from './demo.ts';
import { hangUpWatcher } from './hang-up.ts';
import { openHouse } from './house.ts';
import { leaveOnSignals } from './leave.ts';
import { listen } from './listen.ts';
import { openLog } from './log.ts';
import { Reloader } from './reload.ts';
import { logKeysOut } from './state-log.ts';
import { openStore, troubleOf } from './store.ts';

/** Starts it, or says in a sentence what whoever starts it can mend, and ends the process with 1. */
export async function start(variables: NodeJS.ProcessEnv): Promise<void> {
  try {
    await run(variables);
  } catch (error) {
    // Anything else is a bug and shows its stack.
    if (!isSluiceError(error, 'invalid_options')) throw error;
    process.stderr.write(`sluice: ${error.message}\n`);
    process.exit(1);
  }
}

async function run(variables: NodeJS.ProcessEnv): Promise<void> {
  const draft = readDraft(variables);
  const { isDemo, needsCaller, dataFolder, callersFrom, warnings } = draft;
  // Loaded for this alone: with keys of its own the process has no simulator in it.
  const demo = isDemo ? await (await import('./demo.ts')).startDemo() : null;
  const configuration = completed(draft, demo);
  const { host, port: wanted } = configuration.server;
  const settings = { configuration, isDemo, callersFrom };
  const store = await openStore(configuration.store.url, dataFolder);
  const log = openLog(configuration.log);
  const house = openHouse(settings, log.to, store);
  const { gateway } = house;
  for (const warning of warnings) log.to.warn({ warning }, 'options');
  const storeTrouble = store === null ? null : await troubleOf(store);
  if (storeTrouble !== null) log.to.warn({ store: store?.name, isDegraded: true, why: storeTrouble }, 'store');
  // Before anybody is served, so that no key is used that was taken out of use. The gateway waits for no store long.
  await gateway.ready().catch(() => {});
  logKeysOut(gateway, log.to);
  const port = await listen(house.server, host, wanted);
  const origin = localOrigin(host, port);
  const shut = await opened({ folder: dataFolder, gateway, origin }, log.to);

  let { hasFile } = draft;
  const reloader = new Reloader({
    house,
    log: log.to,
    started: settings,
    read() {
      const next = readDraft(variables, { host, isDemo, hasFile });
      hasFile = next.hasFile;
      return { draft: next, configuration: completed(next, demo) };
    },
  });
  const unwatch = watchConfigFile(draft.configFile, {
    onChange: () => reloader.ask('file'),
    onTrouble: (code) => log.to.warn({ file: draft.configFile, code }, 'file not watched, SIGHUP reads it again'),
  });
  const isHangUp = hangUpWatcher();
  leaveOnSignals(log, {
    onHangUp: (leave) => (isHangUp() ? leave() : reloader.ask('SIGHUP')),
    async goDown() {
      unwatch();
      reloader.close();
      await house.goDown();
      shut();
      await demo?.close();
      await store?.close();
    },
  });
  log.to.info({ host, port, isDemo, store: gateway.snapshot().store.name }, 'listening');
  const made = needsCaller ? { key: localCallerKey(dataFolder), path: callerKeyPath(dataFolder) } : null;
  const lostStore = storeTrouble === null ? null : (store?.name ?? null);
  const banner = { origin, listening: originOf(host, port), isDemo, callersFrom, made, lostStore, warnings };
  process.stderr.write(bannerText(banner, paintFor(process.stderr)));
}

function completed(draft: Draft, demo: Demo | null): ResolvedConfiguration {
  return complete(draft, {
    ...(draft.needsCaller ? { callers: [{ id: 'local', key: localCallerKey(draft.dataFolder) }] } : {}),
    ...(draft.isDemo && demo !== null ? { pools: demo.pools } : {}),
  });
}

/** The operator's door is a convenience: where it cannot be, the proxy serves without it. */
async function opened(options: ControlOptions, log: Logger): Promise<() => void> {
  // There Node has named pipes in place of Unix sockets, and no way to say who may open one.
  if (process.platform === 'win32') return () => {};
  try {
    return await openControl(options);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    log.warn({ folder: options.folder, code }, 'no socket for `keys`');
    return () => {};
  }
}
