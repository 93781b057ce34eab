import { type Simulator, type SimulatorOptions, startSimulator } from '@sluice/simulator';
import { eventually, type FakeClock, fakeClock, neverShed, type ReadAnswer, read } from '@sluice/testkit';
import { afterEach, expect } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { GatewayOptions, PoolOptions, ProjectOptions } from '../../src/options.ts';
import type { PoolControl } from '../../src/pool/control.ts';
import type { ProjectSnapshot } from '../../src/snapshot.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { undiciUpstream } from '../../src/upstream/undici.ts';

const takeDown: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
});

/** What a test wants of a gateway; the rest lets everybody in and names the simulator's projects. */
export interface Wishes {
  readonly simulator?: SimulatorOptions;
  readonly projects?: readonly (Partial<ProjectOptions> & { readonly id: string })[];
  readonly pool?: Partial<PoolOptions>;
  readonly options?: Partial<GatewayOptions>;
}

/** A gateway whose time a test owns, before a provider that plays what it is told. */
export interface Bench {
  readonly clock: FakeClock;
  readonly simulator: Simulator;
  readonly gateway: Gateway;
  readonly control: PoolControl;
  /** The options that it was made with. */
  readonly options: GatewayOptions;
  /** Another one before the same provider, on the same clock. */
  another(more?: Partial<GatewayOptions>): Gateway;
}

export async function aBench({
  simulator: played,
  projects = [{ id: 'main' }],
  pool,
  options: more,
}: Wishes = {}): Promise<Bench> {
  const clock = fakeClock();
  const all = projects.map(({ id, ...rest }) => ({ id, keys: [`canary-${id}-1`], ...rest }));
  const simulator = await startSimulator({
    projects: all.map(({ id, keys }) => ({ id, keys: [...new Set(keys)] })),
    now: () => clock.wallNow(),
    ...played,
  });
  takeDown.push(() => simulator.close());
  const options: GatewayOptions = {
    pools: { gemini: { baseUrl: simulator.url, projects: all, ...pool } },
    callers: 'anyone',
    // A busy machine that runs tests would refuse at random.
    overload: neverShed,
    ...more,
    clock,
  };
  const another = (extra: Partial<GatewayOptions> = {}): Gateway => {
    const gateway = createGateway({ ...options, upstream: undiciUpstream(), ...extra });
    takeDown.push(async () => {
      await eventually('a request is still inside', () => gateway.snapshot().open === 0);
      const [first] = gateway.snapshot().pools;
      expect(first?.projects.map(({ inFlight }) => inFlight)).toEqual(first?.projects.map(() => 0));
      await gateway.close();
      expect(clock.pending).toBe(0);
    });
    return gateway;
  };
  const gateway = another();
  const control = gateway.pools.gemini as PoolControl;
  return { clock, simulator, gateway, control, options, another };
}

/** Asks for an answer and reads it. */
export async function ask(
  gateway: Gateway,
  { model = 'gemini-2.5-flash', key = '', text = 'Say something.', ...rest } = {},
): Promise<ReadAnswer> {
  const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text }] }], ...rest });
  const headers = { 'content-type': 'application/json', ...(key === '' ? {} : { 'x-goog-api-key': key }) };
  return read(await gateway.fetch(`/v1beta/models/${model}:generateContent`, { method: 'POST', headers, body }));
}

/** The code of one of our own errors, in lower case. */
export function codeOf({ text }: ReadAnswer): string {
  const { error } = JSON.parse(text) as { error: { details?: { reason?: string }[] } };
  return (error.details?.find(({ reason }) => reason !== undefined)?.reason ?? '').toLowerCase();
}

export function project(gateway: Gateway, id = 'main'): ProjectSnapshot {
  return gateway.snapshot().pools[0]?.projects.find((one) => one.id === id) as ProjectSnapshot;
}

/** States of the keys of a project, in order. */
export function keys(gateway: Gateway, id = 'main'): string[] {
  return project(gateway, id).keys.map(
    ({ id: key, state, reason }) => `${key} ${state}${reason === null ? '' : ` ${reason}`}`,
  );
}

/** A store that several gateways use, and that outlives them. */
export function sharedStore(clock: FakeClock): Store {
  const store = memoryStore(clock);
  return new Proxy(store, {
    get(target, name) {
      if (name === 'isShared') return true;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
