import {
  type Clock,
  createGateway,
  type GatewayOptions,
  type LogOptions,
  type ResolvedConfiguration,
  readConfiguration,
  type ServerOptions,
  systemClock,
  type Upstream,
} from '@sluice/core';
import { describe, expectTypeOf, test } from 'vitest';
import type { Settings } from '../src/settings.ts';

describe('what the documents show is accepted', () => {
  test('the short form, the long form, and every way of saying who may call', () => {
    expectTypeOf({ keys: 'k1,k2', callers: 'alice=k' }).toExtend<GatewayOptions>();
    expectTypeOf({ keys: 'k1', callers: 'anyone' as const }).toExtend<GatewayOptions>();
    expectTypeOf({
      pools: { gemini: { projects: [{ id: 'main', weight: 2, keys: ['AIza…'] }] } },
      callers: [{ id: 'alice', key: 'a-long-random-string' }],
      routes: { fast: { model: 'gemini-2.5-flash' } },
      retry: { maxAttempts: 1 },
      timeouts: { idleMs: 0 },
      server: { cors: ['*'] },
    }).toExtend<GatewayOptions>();
  });

  test('what comes from the environment, set or not', () => {
    expectTypeOf({
      keys: process.env.GEMINI_API_KEYS,
      callers: process.env.SLUICE_API_KEYS,
    }).toExtend<GatewayOptions>();
    createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS, pools: undefined });
  });

  test('a function that knows the callers, at once or later', () => {
    createGateway({ keys: 'k', callers: ({ credential }) => (credential === null ? null : { id: credential }) });
    createGateway({ keys: 'k', callers: async ({ headers }) => ({ id: String(headers.cookie) }) });
    createGateway({
      keys: 'k',
      callers: (question) => {
        expectTypeOf(question).toHaveProperty('method').toEqualTypeOf<string>();
        expectTypeOf(question).toHaveProperty('credential').toEqualTypeOf<string | null>();
        expectTypeOf(question).not.toHaveProperty('over');
        return null;
      },
    });
  });

  test('a clock and an upstream of one’s own', () => {
    expectTypeOf(systemClock).toExtend<Clock>();
    expectTypeOf<{ send(): void; close(): Promise<void> }>().toExtend<Upstream>();
  });

  test('what a configuration is read into makes a gateway', () => {
    expectTypeOf(readConfiguration).parameter(0).toBeUnknown();
    expectTypeOf(readConfiguration({}).gateway).toExtend<GatewayOptions>();
    expectTypeOf(readConfiguration({}).server.port).toEqualTypeOf<number>();
  });
});

describe('what is wrong is refused', () => {
  test('names that are not known', () => {
    // @ts-expect-error: maxAttempts is the name
    createGateway({ keys: 'k', callers: 'anyone', retry: { maxAttempt: 3 } });
    // @ts-expect-error: a model has no models of its own
    createGateway({ keys: 'k', callers: [{ id: 'a', key: 'k', limits: { models: {} } }] });
    // @ts-expect-error: the port belongs to the process
    createGateway({ keys: 'k', callers: 'anyone', server: { port: 80 } });
  });

  test('values of another kind', () => {
    // @ts-expect-error: a number
    createGateway({ keys: 'k', callers: 'anyone', retry: { maxAttempts: '3' } });
    // @ts-expect-error: one text, or pools
    createGateway({ keys: ['k1', 'k2'], callers: 'anyone' });
    // @ts-expect-error: a project has keys
    createGateway({ pools: { gemini: { projects: [{ id: 'a' }] } }, callers: 'anyone' });
    // @ts-expect-error: a caller has a key
    createGateway({ keys: 'k', callers: [{ id: 'alice' }] });
    // @ts-expect-error: other providers are not there yet
    createGateway({ pools: { p: { provider: 'openai', projects: [] } }, callers: 'anyone' });
    // @ts-expect-error: other stores are opened by their own packages
    createGateway({ keys: 'k', callers: 'anyone', store: { url: 'sqlite:x' } });
    // @ts-expect-error: a lookup tells who it is
    createGateway({ keys: 'k', callers: () => true });
    // @ts-expect-error: an event of no such name
    createGateway({ keys: 'k', callers: 'anyone' }).on('requests', () => {});
  });
});

/** The schema fills `Settings`, and no name may be in one and missing in the other; values are tried in `settings.test.ts`. */
describe('settings and options have the same names', () => {
  type Names<Section extends keyof GatewayOptions> = keyof NonNullable<GatewayOptions[Section]>;

  test('section by section', () => {
    expectTypeOf<keyof Settings['retry']>().toEqualTypeOf<Names<'retry'>>();
    expectTypeOf<keyof Settings['breaker']>().toEqualTypeOf<Names<'breaker'>>();
    expectTypeOf<keyof Settings['timeouts']>().toEqualTypeOf<Names<'timeouts'>>();
    expectTypeOf<keyof Settings['queue']>().toEqualTypeOf<Names<'queue'>>();
    expectTypeOf<keyof Settings['limits']>().toEqualTypeOf<Names<'limits'>>();
    expectTypeOf<keyof Settings['server']>().toEqualTypeOf<Names<'server'>>();
    expectTypeOf<keyof Settings['store']>().toEqualTypeOf<Names<'store'>>();
    expectTypeOf<keyof ResolvedConfiguration['server']>().toEqualTypeOf<keyof ServerOptions>();
    expectTypeOf<keyof ResolvedConfiguration['log']>().toEqualTypeOf<keyof LogOptions>();
  });

  test('and settings are complete', () => {
    expectTypeOf<Settings>().toEqualTypeOf<Required<Settings>>();
    expectTypeOf<Settings['retry']>().toEqualTypeOf<Required<Settings['retry']>>();
    expectTypeOf<Settings['timeouts']>().toEqualTypeOf<Required<Settings['timeouts']>>();
  });
});
