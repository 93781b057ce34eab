/** Prometheus metrics. Every label comes from a closed list or is capped here: a client can never make new series. */

import type { Gateway } from '@sluice/core';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { measureState } from './metrics-state.ts';

/** The text of `/metrics`. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** A request that Node's parser refused before the gateway saw it. */
  onRefusal(status: number): void;
}

/** From a millisecond to the half hour that a request may take. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

/** Listens to the gateway and keeps count. */
export function measure(gateway: Gateway): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = measureRequests(gateway, registry);
  measureUpstream(gateway, registry);
  measureState(gateway, registry);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    onRefusal: (status) => requests.inc({ surface: 'none', status }),
  };
}

function measureRequests(gateway: Gateway, registry: Registry): Counter {
  const registers = [registry];
  const requests = new Counter({
    name: 'sluice_requests_total',
    help: 'Requests that have ended, by what the client was told (101: a Live session; 499: it left before it was told anything).',
    labelNames: ['surface', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'sluice_request_duration_seconds',
    help: 'From the first byte of a request to the last one of its answer, or from the first to the last of a session.',
    labelNames: ['surface'],
    buckets: durationBuckets,
    registers,
  });
  const firstBytes = new Histogram({
    name: 'sluice_first_byte_seconds',
    help: 'From the first byte of a request to the first one of its answer.',
    labelNames: ['surface'],
    buckets: durationBuckets,
    registers,
  });
  const streams = new Counter({
    name: 'sluice_streams_ended_total',
    help: 'Streamed answers and Live sessions that have ended, by how.',
    labelNames: ['outcome'],
    registers,
  });
  const tokens = new Counter({
    name: 'sluice_tokens_total',
    help: 'Tokens as the provider counted them, by kind.',
    labelNames: ['kind'],
    registers,
  });
  const cached = new Counter({
    name: 'sluice_cache_total',
    help: 'Requests that what is known could have answered: `hit`, `shared` with one under way, or `miss`.',
    labelNames: ['result'],
    registers,
  });
  gateway.on('request', ({ surface, status, durationMs, firstByteMs, isStream, outcome, usage, cache }) => {
    requests.inc({ surface, status });
    durations.observe({ surface }, durationMs / 1000);
    if (firstByteMs !== null) firstBytes.observe({ surface }, firstByteMs / 1000);
    if (isStream) streams.inc({ outcome });
    if (cache !== null) cached.inc({ result: cache });
    if (usage === null) return;
    for (const [kind, count] of Object.entries(usage)) if (count > 0) tokens.inc({ kind }, count);
  });
  return requests;
}

function measureUpstream(gateway: Gateway, registry: Registry): void {
  const registers = [registry];
  const calls = new Counter({
    name: 'sluice_upstream_calls_total',
    help: 'Calls to providers that have ended: `ok`, or the kind of failure.',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const retries = new Counter({
    name: 'sluice_retries_total',
    help: 'Calls made again with the same key, by why.',
    labelNames: ['reason'],
    registers,
  });
  const failovers = new Counter({
    name: 'sluice_key_failovers_total',
    help: 'Calls made again with another key, by why.',
    labelNames: ['reason'],
    registers,
  });
  gateway.on('attempt', ({ provider, outcome }) => calls.inc({ provider, outcome }));
  gateway.on('retry', ({ reason, isFailover }) => (isFailover ? failovers : retries).inc({ reason }));
}
