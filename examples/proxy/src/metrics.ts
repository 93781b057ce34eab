/** Prometheus metrics. Every label comes from a closed list or is capped here: a client can never make new series. */

import type { Gateway, TokenUsage } from '@sluice/core';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Histogram } from './histogram.ts';
import { measureState } from './metrics-state.ts';
import { Tally } from './tally.ts';

/** The text of `/metrics`. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** A request that Node's parser refused before the gateway saw it. */
  onRefusal(status: number): void;
}

/** From a millisecond to the half hour that a request may take, in s. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

const tokenKinds = ['prompt', 'candidates', 'thoughts', 'cached', 'tools'] as const satisfies (keyof TokenUsage)[];

/** Listens to the gateway and keeps count. */
export function measure(gateway: Gateway): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Tally(registry, {
    name: 'sluice_requests_total',
    help: 'Requests that have ended, by what the client was told (101: a Live session; 499: it left before it was told anything).',
    labelNames: ['surface', 'status'],
  });
  const histograms = measureRequests(gateway, registry, requests);
  measureUpstream(gateway, registry);
  measureState(gateway, registry);
  return {
    contentType: registry.contentType,
    async text() {
      const texts = [await registry.metrics(), ...histograms.map((histogram) => histogram.text())];
      return texts.join('\n');
    },
    onRefusal: (status) => requests.add(1, 'none', status),
  };
}

/** @returns what the registry does not know of */
function measureRequests(gateway: Gateway, registry: Registry, requests: Tally): Histogram[] {
  const durations = new Histogram({
    name: 'sluice_request_duration_seconds',
    help: 'From the first byte of a request to the last one of its answer, or from the first to the last of a session.',
    labelName: 'surface',
    bounds: durationBounds,
  });
  const firstBytes = new Histogram({
    name: 'sluice_first_byte_seconds',
    help: 'From the first byte of a request to the first one of its answer.',
    labelName: 'surface',
    bounds: durationBounds,
  });
  const streams = new Tally(registry, {
    name: 'sluice_streams_ended_total',
    help: 'Streamed answers and Live sessions that have ended, by how.',
    labelNames: ['outcome'],
  });
  const tokens = new Tally(registry, {
    name: 'sluice_tokens_total',
    help: 'Tokens as the provider counted them, by kind.',
    labelNames: ['kind'],
  });
  const cached = new Tally(registry, {
    name: 'sluice_cache_total',
    help: 'Requests that what is known could have answered: `hit`, `shared` with one under way, or `miss`.',
    labelNames: ['result'],
  });
  gateway.on('request', ({ surface, status, durationMs, firstByteMs, isStream, outcome, usage, cache }) => {
    requests.add(1, surface, status);
    durations.observe(surface, durationMs / 1000);
    if (firstByteMs !== null) firstBytes.observe(surface, firstByteMs / 1000);
    if (isStream) streams.add(1, outcome);
    if (cache !== null) cached.add(1, cache);
    if (usage === null) return;
    for (const kind of tokenKinds) if (usage[kind] > 0) tokens.add(usage[kind], kind);
  });
  return [durations, firstBytes];
}

function measureUpstream(gateway: Gateway, registry: Registry): void {
  const calls = new Tally(registry, {
    name: 'sluice_upstream_calls_total',
    help: 'Calls to providers that have ended: `ok`, or the kind of failure.',
    labelNames: ['provider', 'outcome'],
  });
  const retries = new Tally(registry, {
    name: 'sluice_retries_total',
    help: 'Calls made again with the same key, by why.',
    labelNames: ['reason'],
  });
  const failovers = new Tally(registry, {
    name: 'sluice_key_failovers_total',
    help: 'Calls made again with another key, by why.',
    labelNames: ['reason'],
  });
  gateway.on('attempt', ({ provider, outcome }) => calls.add(1, provider, outcome));
  gateway.on('retry', ({ reason, isFailover }) => (isFailover ? failovers : retries).add(1, reason));
}
