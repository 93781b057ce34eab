/** A gateway with everything around it in memory: one place for what goes in, what comes out, and what is left. */

import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import { type FakeClock, fakeClock } from '@sluice/testkit';
import { vi } from 'vitest';
import type { GatewayEvents } from '../../src/events.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { GatewayOptions } from '../../src/options.ts';
import { type Asked, Client, callerKey, type Shown } from './client.ts';
import type { Faults } from './faults.ts';
import { type FaultyClock, faultyClock } from './faulty-clock.ts';
import { type Booked, type FaultyStore, faultyStore } from './faulty-store.ts';
import type { Scenario } from './scenarios.ts';
import { ScriptedUpstream, type SentCall } from './scripted-upstream.ts';

/** Something that was told to the host. */
export interface Told {
  readonly name: keyof GatewayEvents;
  readonly event: object;
}

const names: readonly (keyof GatewayEvents)[] = ['attempt', 'retry', 'request', 'key', 'breaker', 'project', 'store'];

/** Longer than everything that a request may wait for. */
const boundMs = 90_000;
const tickMs = 50;
const fineTicks = 100;
const coarse = 10;

export class Stage {
  readonly clock: FakeClock = fakeClock();
  /** The gateway's own. */
  readonly timers: FaultyClock;
  readonly gateway: Gateway;
  readonly upstream: ScriptedUpstream;
  readonly clients: Shown[] = [];
  readonly told: Told[] = [];
  /** Promises of the gateway that may never reject, and did. */
  readonly broken: unknown[] = [];
  /** Requests that the gateway has not let go of. */
  inside = 0;
  /** Some request ended only when its client gave up. */
  gaveUp = false;
  readonly #kept: FaultyStore | null;
  readonly #faults: Faults;
  readonly #isCompressed: boolean;

  constructor(scenario: Scenario, faults: Faults) {
    const { clock } = this;
    this.#isCompressed = scenario.isCompressed === true;
    this.#faults = faults;
    this.upstream = new ScriptedUpstream(scenario.script(), faults, clock);
    this.#kept = scenario.isShared ? faultyStore(clock, faults) : null;
    this.timers = faultyClock(clock, faults);
    this.gateway = createGateway({
      ...optionsOf(scenario),
      ...(this.#kept === null ? {} : { store: this.#kept.store }),
      upstream: this.upstream,
      clock: this.timers,
    });
    for (const name of names) {
      this.gateway.on(name, (event) => {
        this.told.push({ name, event });
        if (faults.strike('listener') !== null) throw new Error('a canary of a listener');
      });
    }
  }

  get booked(): readonly Booked[] {
    return this.#kept?.booked ?? [];
  }

  /** Rests of keys that would outlive this process. */
  async keptRests(): Promise<number> {
    const rests = (await this.#kept?.inside.rests()) ?? [];
    return rests.filter(({ subject }) => subject.startsWith('key:')).length;
  }

  get calls(): readonly SentCall[] {
    return this.upstream.calls;
  }

  /** Sends a request; resolves when the gateway has done with it. */
  ask = async (asked: Asked): Promise<Shown> => {
    const client = new Client(asked, `request-${this.clients.length + 1}`, this.#faults, this.clock);
    this.clients.push(client);
    this.inside++;
    await this.gateway.handle(client.exchange).catch((error: unknown) => this.broken.push(error));
    this.inside--;
    return client;
  };

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  /** Lets time pass until the work is done. Who waits for longer than anything lasts is made to hang up. */
  async until(work: Promise<void>): Promise<boolean> {
    let isDone = false;
    const done = work.catch((error: unknown) => this.broken.push(error)).finally(() => (isDone = true));
    for (const last of [false, true]) {
      let passedMs = 0;
      for (let tick = 0; passedMs < boundMs && !isDone; tick++) {
        const ms = tick < fineTicks ? tickMs : tickMs * coarse;
        await this.advance(ms);
        passedMs += ms;
      }
      if (isDone) break;
      if (last) return false;
      this.gaveUp = true;
      for (const client of this.clients) client.leave();
    }
    await done;
    return true;
  }

  /** Time passes, on the gateway's clock and on that of the libraries that have their own. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    vi.advanceTimersByTime(ms);
    // A stream is decompressed by other threads, which know nothing of this time.
    if (this.#isCompressed) for (let turn = 0; turn < 2; turn++) await unzip(little);
  }
}

const unzip = promisify(gunzip);
const little = gzipSync('a little');

export const keyOf = (project: string): string => `canary-key-of-${project}`;

function optionsOf({ projects = [{ id: 'main' }], options = {}, caller = {} }: Scenario): GatewayOptions {
  return {
    pools: {
      gemini: {
        baseUrl: 'https://provider.test',
        projects: projects.map((project) => ({ keys: [keyOf(project.id)], ...project })),
      },
    },
    callers: [{ id: 'alice', key: callerKey, ...caller }],
    timeouts: {
      connectMs: 1_000,
      headersMs: 4_000,
      firstEventMs: 3_000,
      idleMs: 2_000,
      totalMs: 20_000,
      slowReaderMs: 3_000,
      afterTerminalMs: 500,
    },
    queue: { maxEntries: 10, maxWaitMs: 1_500 },
    ...options,
  };
}
