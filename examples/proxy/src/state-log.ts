/** Lines of the log for what changes by itself: keys, projects, breakers, the store, how much is shed. What is back is no warning. */

import type { BreakerEvent, Gateway, KeyEvent } from '@sluice/core';
import type { Logger } from 'pino';

/** So many ids are named in a line about many keys. */
const mostIds = 20;

/** Writes a line per change. */
export function logState(gateway: Gateway, log: Logger): void {
  gateway.on('key', (event) => {
    log[event.state === 'ready' ? 'info' : 'warn'](keyLine(event), 'key');
  });
  gateway.on('project', (event) => log.warn(event, 'projects are one'));
  gateway.on('breaker', (event) => {
    log[event.state === 'closed' ? 'info' : 'warn'](breakerLine(event), 'breaker');
  });
  gateway.on('overload', ({ level, delayMs, heapShare }) => {
    const line = { shed: level, delayMs: Math.round(delayMs), heapShare: Math.round(heapShare * 1000) / 1000 };
    log[level === 'none' ? 'info' : 'warn'](line, 'overload');
  });
  gateway.on('store', ({ store, isDegraded, why }) => {
    log[isDegraded ? 'warn' : 'info']({ store, isDegraded, why }, 'store');
  });
}

/** Says which keys the store keeps out of use: that was told when it happened, perhaps to a process that is gone. */
export function logKeysOut(gateway: Gateway, log: Logger): void {
  const out = gateway
    .snapshot()
    .pools.flatMap(({ projects }) => projects)
    .flatMap((project) => project.keys.filter((key) => key.state !== 'ready' || project.state !== 'ready'));
  if (out.length > 0)
    log.warn({ count: out.length, ids: out.slice(0, mostIds).map(({ id }) => id) }, 'keys out of use');
}

function keyLine({ pool, project, key, model, state, reason, untilMs, endedBy }: KeyEvent): object {
  return {
    pool,
    project,
    key: key ?? undefined,
    model: model ?? undefined,
    state,
    reason,
    until: dateOf(untilMs),
    endedBy: endedBy ?? undefined,
  };
}

function breakerLine({ target, state, reason, failures, outcomes, opened, untilMs }: BreakerEvent): object {
  return { target, state, reason, failures, outcomes, opened, until: dateOf(untilMs) };
}

function dateOf(wallMs: number | null): string | undefined {
  return wallMs === null ? undefined : new Date(wallMs).toISOString();
}
