/** What a Live session holds of a limit that gateways share: for as long as it lasts, and minutes longer at most. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, createGateway, type Gateway, type Store } from '@sluice/core';
import { nodeUpgrade } from '@sluice/core/live';
import { type Simulator, startSimulator } from '@sluice/simulator';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { type FakeClock, fakeClock } from '../fake-clock.ts';
import { neverShed } from '../never-shed.ts';

const alice = 'alice-canary-key-0001';
const path = `/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=${alice}`;
const setup = JSON.stringify({ setup: { model: 'models/gemini-3.8-live' } });
const hourMs = 3_600_000;

/** A gateway with its own view of the store, and its own fate. */
interface Door {
  readonly gateway: Gateway;
  /** Says a setup. @returns the session, when it was answered */
  talk(): Promise<Talk>;
  /** As after `kill -9`, to the store: nothing is renewed and nothing settled from now on. */
  stop(): void;
}

interface Talk {
  /** How it was ended for the client; null while it is on. */
  closed(): number | null;
  /** Says something and waits for the answer. */
  say(): Promise<void>;
  leave(): void;
}

/**
 * Describes what holds for the sessions of gateways on one store, over real sockets.
 *
 * @param open - another store on the same state, by this clock; `isNew` begins with an empty one
 */
export function describeSessions(name: string, open: (clock: Clock, isNew: boolean) => Store): void {
  describe(`Live sessions on one store: ${name}`, () => {
    const takeDown: (() => unknown)[] = [];
    afterEach(async () => {
      for (const one of takeDown.splice(0).reverse()) await one();
    });

    async function stage(
      limitOf: 'project' | 'caller' = 'project',
    ): Promise<[FakeClock, (store: Store) => Promise<Door>]> {
      const clock = fakeClock();
      const simulator = await startSimulator({ projects: [{ id: 'main', keys: ['key-of-main-0001'] }] });
      takeDown.push(() => simulator.close());
      return [clock, (store) => aDoor({ clock, simulator, store, limitOf, takeDown })];
    }

    test.each(['project', 'caller'] as const)(
      'one holds its place at the %s for hours, and minutes after its process was killed it is free',
      async (limitOf) => {
        const [clock, door] = await stage(limitOf);
        const [first, second] = [await door(open(clock, true)), await door(open(clock, false))];
        const talk = await first.talk();
        await clock.advance(5 * hourMs + 30_000);
        await expect(second.talk()).rejects.toThrow('1013');
        first.stop();
        await clock.advance(60_000);
        await expect(second.talk()).rejects.toThrow('1013');
        await clock.advance(120_000);
        (await second.talk()).leave();
        expect(talk.closed()).toBeNull();
      },
    );

    test('a store that is away for an hour ends none, and when it is back their places are taken', async () => {
      const [clock, door] = await stage();
      const [away, store] = leaving(open(clock, true));
      const [first, second] = [await door(store), await door(open(clock, false))];
      const talk = await first.talk();
      away.is = true;
      await clock.advance(hourMs);
      await talk.say();
      // For the other one nobody is there: nobody has renewed.
      const between = await second.talk();
      away.is = false;
      for (let tries = 0; first.gateway.snapshot().store.isDegraded; tries++) {
        expect(tries, 'the store is not used again').toBeLessThan(500);
        await clock.advance(2_000);
        await pause(5);
      }
      await clock.advance(60_000);
      between.leave();
      await eventually('it is not over', () => second.gateway.snapshot().open === 0, 10_000);
      await expect(second.talk()).rejects.toThrow('1013');
      await talk.say();
      talk.leave();
      await eventually('it is not over', () => first.gateway.snapshot().open === 0, 10_000);
      await clock.advance(1_000);
      (await second.talk()).leave();
    });
  });
}

interface Household {
  readonly clock: Clock;
  readonly simulator: Simulator;
  readonly store: Store;
  readonly limitOf: 'project' | 'caller';
  readonly takeDown: (() => unknown)[];
}

async function aDoor({ clock, simulator, store, limitOf, takeDown }: Household): Promise<Door> {
  const [fate, mortal] = [{ isOver: false }, { ...clock }];
  mortal.after = (ms, then) => clock.after(ms, () => fate.isOver || then());
  const limits = { maxInFlight: 1 };
  const project = { id: 'main', keys: ['key-of-main-0001'], ...(limitOf === 'project' ? { limits } : {}) };
  const gateway = createGateway({
    pools: { gemini: { baseUrl: simulator.url, projects: [project] } },
    callers: [{ id: 'alice', key: alice, ...(limitOf === 'caller' ? { limits } : {}) }],
    overload: neverShed,
    queue: { maxWaitMs: 0 },
    // A clock that is moved by hours leaves nobody the time for an answer to a ping.
    live: { pingMs: 0 },
    clock: mortal,
    store,
  });
  await gateway.ready();
  const server = createServer().on('upgrade', nodeUpgrade(gateway, { others: 'refuse' }));
  const talks: Talk[] = [];
  takeDown.push(async () => {
    fate.isOver = false;
    for (const talk of talks) talk.leave();
    await eventually('a session is still on', () => gateway.snapshot().open === 0, 10_000);
    await gateway.close();
    await store.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await listening(server);
  return {
    gateway,
    async talk() {
      const talk = await talkTo(server);
      talks.push(talk);
      return talk;
    },
    stop() {
      fate.isOver = true;
    },
  };
}

/** Rejects with the code of the close when the setup is refused. */
function talkTo(server: Server): Promise<Talk> {
  const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  let closed: number | null = null;
  let heard = 0;
  const talk: Talk = {
    closed: () => closed,
    async say() {
      const before = heard;
      ws.send(JSON.stringify({ clientContent: { turns: [{ parts: [{ text: 'And then?' }] }], turnComplete: true } }));
      await eventually('nothing was answered', () => heard > before, 10_000);
    },
    leave: () => ws.close(),
  };
  return new Promise((resolve, reject) => {
    ws.addEventListener('open', () => ws.send(setup));
    ws.addEventListener('message', () => {
      heard++;
      resolve(talk);
    });
    ws.addEventListener('error', () => reject(new Error('refused')));
    ws.addEventListener('close', ({ code }) => {
      closed = code;
      reject(new Error(String(code)));
    });
  });
}

/** The same store behind a line that can be cut. */
function leaving(store: Store): [away: { is: boolean }, store: Store] {
  const away = { is: false };
  const guarded = new Proxy(store, {
    get(target, verb) {
      const own: unknown = Reflect.get(target, verb, target);
      if (typeof own !== 'function') return own;
      return (...args: unknown[]) => {
        if (away.is && verb !== 'instances' && verb !== 'close') return Promise.reject(new Error('ECONNREFUSED'));
        return own.apply(target, args);
      };
    },
  });
  return [away, guarded];
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
