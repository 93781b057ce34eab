/** What is counted with every request is told as prom-client would tell it. */

import { Counter, Histogram as PromHistogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { Histogram } from '../src/histogram.ts';
import { Tally } from '../src/tally.ts';

const help = 'How long.';
const bounds = [0.005, 0.1, 1, 60];
/** Below, on and above each bound. */
const values = [0, ...bounds.flatMap((bound) => [bound * 0.9, bound, bound * 1.1]), 1e6];

describe('a histogram', () => {
  test('says the same lines as prom-client, for values around each bound', async () => {
    const registry = new Registry();
    const registers = [registry];
    const theirs = new PromHistogram({ name: 'seconds', help, labelNames: ['surface'], buckets: bounds, registers });
    const ours = new Histogram({ name: 'seconds', help, labelName: 'surface', bounds });
    for (const [at, value] of values.entries()) {
      const surface = at % 3 === 0 ? 'live' : 'gemini';
      theirs.observe({ surface }, value);
      ours.observe(surface, value);
      expect(ours.text()).toBe(await registry.metrics());
    }
  });

  test('without a value it is a name and a kind', async () => {
    const registry = new Registry();
    new PromHistogram({ name: 'seconds', help, labelNames: ['surface'], buckets: bounds, registers: [registry] });
    const ours = new Histogram({ name: 'seconds', help, labelName: 'surface', bounds }).text();
    expect(ours).toBe(await registry.metrics());
  });
});

describe('a tally', () => {
  test('says the same lines as a counter, however often it is asked', async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const tally = new Tally(ours, { name: 'requests_total', help, labelNames: ['surface', 'status'] });
    const counter = new Counter({
      name: 'requests_total',
      help,
      labelNames: ['surface', 'status'],
      registers: [theirs],
    });
    for (const [surface, status] of [
      ['gemini', 200],
      ['gemini', 429],
      ['live', 101],
      ['gemini', 200],
    ] as const) {
      tally.add(1, surface, status);
      counter.inc({ surface, status });
      const answers = await Promise.all([ours.metrics(), ours.metrics()]);
      const lines = (text: string): string[] => text.split('\n').sort();
      for (const text of answers) expect(lines(text)).toEqual(lines(await theirs.metrics()));
    }
  });

  test('may have one label, and count by more than one', async () => {
    const registry = new Registry();
    const tally = new Tally(registry, { name: 'tokens_total', help, labelNames: ['kind'] });
    tally.add(16, 'prompt');
    tally.add(103, 'candidates');
    tally.add(4, 'prompt');
    const lines = (await registry.metrics()).match(/^tokens_total.*$/gm);
    expect(lines).toEqual(['tokens_total{kind="prompt"} 20', 'tokens_total{kind="candidates"} 103']);
  });
});
