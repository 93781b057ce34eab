import { eventually, fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { Reservation, Store } from '../../src/store/store.ts';
import { sharedStore } from '../gateway/a-gateway.ts';
import { aStage, callerKey, type Stage, setup } from './a-talk.ts';

const limits = { maxInFlight: 1 };

interface Watched {
  readonly stage: Stage;
  /** The scopes that each call has renewed. */
  readonly renewed: string[][];
  /** What the store does with a renewal; null for what it always does. */
  answer: (() => Promise<void>) | null;
}

async function watched(options: { readonly limits?: typeof limits }): Promise<Watched> {
  const clock = fakeClock();
  const renewed: string[][] = [];
  const inner = sharedStore(clock);
  const store = new Proxy(inner, {
    get(target, verb: keyof Store) {
      if (verb !== 'renew') return Reflect.get(target, verb, target);
      return (reservations: readonly Reservation[], leaseMs: number) => {
        renewed.push(reservations.map(({ scope }) => scope).sort());
        return made.answer === null ? inner.renew(reservations, leaseMs) : made.answer();
      };
    },
  });
  const stage = await aStage({
    projects: [{ id: 'main', ...options }],
    options: { callers: [{ id: 'alice', key: callerKey, ...options }], queue: { maxWaitMs: 0 }, store },
    clock,
  });
  const made: Watched = { stage, renewed, answer: null };
  return made;
}

async function codeOfNext(stage: Stage): Promise<number | undefined> {
  const client = await stage.connect();
  client.ws.send(setup);
  await eventually('the client was told nothing', () => client.closed() !== null || client.heard.length > 0);
  return client.closed()?.code;
}

describe('what a session holds', () => {
  test('is renewed by one call a minute, for its project and its caller together, and no longer than it lasts', async () => {
    const { stage, renewed } = await watched({ limits });
    const { client, talk } = await stage.begin();
    for (let frame = 0; frame < 50; frame++) talk.ws.send('a frame');
    await eventually('not heard', () => client.heard.length === 51);
    expect(renewed).toEqual([]);
    await stage.clock.advance(10 * 60_000);
    expect(renewed).toEqual(Array.from({ length: 10 }, () => ['caller/alice', 'pool/gemini/main']));
    client.ws.close();
    await eventually('it is not over', () => stage.ends.length === 1);
    await stage.clock.advance(10 * 60_000);
    expect(renewed).toHaveLength(10);
  });

  test('is nothing before there is a setup', async () => {
    const { stage, renewed } = await watched({ limits });
    await stage.connect();
    await stage.clock.advance(9_000);
    expect(renewed).toEqual([]);
  });

  test('is no matter of a store that hangs: frames pass, and nothing is waited for', async () => {
    const watching = await watched({ limits });
    const { stage } = watching;
    const { client, talk } = await stage.begin();
    watching.answer = () => new Promise(() => {});
    await stage.clock.advance(60_000);
    talk.ws.send('it goes on');
    await eventually('it does not go on', () => client.heard.length === 2);
    expect(watching.renewed).toHaveLength(1);
    watching.answer = null;
    expect(await codeOfNext(stage)).toBe(1013);
    expect(client.closed()).toBeNull();
  });

  test('is given back with its end, and renewed by the session that is on', async () => {
    const { stage, renewed } = await watched({ limits });
    const { talk, client } = await stage.begin();
    talk.ws.close(1000);
    await eventually('it is not over', () => client.closed() !== null);
    await stage.begin();
    await stage.clock.advance(60_000);
    expect(renewed).toHaveLength(1);
  });
});
