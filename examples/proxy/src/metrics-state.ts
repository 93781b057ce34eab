/** Gauges: how things stand. They are read from the gateway's snapshot when somebody asks, and cost nothing before. */

import type { BreakerSnapshot, Gateway, PoolSnapshot } from '@sluice/core';
import { Gauge, type Registry } from 'prom-client';

/** Breakers are kept per model, and models are named by clients: so many get a series, the rest share one. */
const maxBreakerSeries = 100;
const breakerValue = { closed: 0, probing: 1, open: 2, isolated: 2 } as const;
const keyStates = ['ready', 'cooling', 'disabled'] as const;

/** Adds the gauges of `gateway` to `registry`. */
export function measureState(gateway: Gateway, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'sluice_streams_open',
    help: 'Streamed answers and Live sessions under way.',
    registers,
    collect() {
      this.set(gateway.snapshot().streams);
    },
  });
  new Gauge({
    name: 'sluice_queue_waiting',
    help: 'Requests that wait for a key.',
    registers,
    collect() {
      this.set(gateway.snapshot().waiting);
    },
  });
  new Gauge({
    name: 'sluice_store_degraded',
    help: '1 while the store does not answer, and this process goes by what it knows itself.',
    registers,
    collect() {
      this.set(gateway.snapshot().store.isDegraded ? 1 : 0);
    },
  });
  measureKeys(gateway, registry);
  measureBreakers(gateway, registry);
}

function measureKeys(gateway: Gateway, registry: Registry): void {
  new Gauge({
    name: 'sluice_keys',
    help: 'Provider keys by pool and state; a key whose project is out of quota for some model counts as cooling.',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const pool of gateway.snapshot().pools) {
        for (const state of keyStates) this.set({ pool: pool.name, state }, countKeys(pool, state));
      }
    },
  });
}

/** A key is in the worst of three states: its own, its project's, and its project's for the model that is worst off. */
export function countKeys(pool: PoolSnapshot, state: (typeof keyStates)[number]): number {
  const rank = keyStates.indexOf(state);
  return pool.projects
    .flatMap(({ state: ofProject, keys, cooling }) => {
      const ofModels = cooling.map((lane) => rankOf(lane.state));
      return keys.map((key) => Math.max(rankOf(ofProject), rankOf(key.state), ...ofModels));
    })
    .filter((worse) => worse === rank).length;
}

function rankOf(state: (typeof keyStates)[number]): number {
  return keyStates.indexOf(state);
}

function measureBreakers(gateway: Gateway, registry: Registry): void {
  const known = new Set<string>();
  gateway.on('breaker', ({ target }) => {
    if (known.size < maxBreakerSeries) known.add(target);
  });
  new Gauge({
    name: 'sluice_breaker_state',
    help: '0 closed, 1 half-open, 2 open or isolated; `other` is the worst of those past the first hundred.',
    labelNames: ['target'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [target, value] of breakerSeries(known, gateway.snapshot().breakers)) this.set({ target }, value);
    },
  });
}

/** One value per known target, closed ones included, so that an alert sees a breaker close. */
export function breakerSeries(known: ReadonlySet<string>, now: readonly BreakerSnapshot[]): Map<string, number> {
  const series = new Map([...known].map((target) => [target, 0]));
  for (const { target, state } of now) {
    const name = known.has(target) ? target : 'other';
    series.set(name, Math.max(series.get(name) ?? 0, breakerValue[state]));
  }
  return series;
}
