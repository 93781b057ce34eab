import { createGateway } from '@sluice/core';
import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { ask, project } from '../gateway/a-gateway.ts';
import { aStage, callerKey, lastEnd, type Party, setup, setupComplete } from './a-talk.ts';

const inFlight = (most: number) => ({ limits: { maxInFlight: most } });

async function refused(client: Party): Promise<number> {
  client.ws.send(setup);
  await eventually('the client was told nothing', () => client.closed() !== null || client.heard.length > 0);
  return client.closed()?.code ?? 0;
}

describe('a session counts as one call that is under way for as long as it lasts', () => {
  test('for its project', async () => {
    const stage = await aStage({ projects: [{ id: 'main', ...inFlight(1) }], options: { queue: { maxWaitMs: 0 } } });
    const { client } = await stage.begin();
    await stage.clock.advance(3_600_000);
    expect(await refused(await stage.connect())).toBe(1013);
    client.ws.close();
    await eventually('it is not over', () => project(stage.gateway).inFlight === 0);
    await stage.begin();
  });

  test('for its caller', async () => {
    const limited = [{ id: 'alice', key: callerKey, ...inFlight(1) }];
    const stage = await aStage({ options: { callers: limited } });
    const { client } = await stage.begin();
    await stage.clock.advance(3_600_000);
    expect(await refused(await stage.connect())).toBe(1013);
    expect(await lastEnd(stage)).toMatchObject({ error: 'rate_limited', attempts: 0 });
    client.ws.close();
    await eventually('it is not over', () => stage.ends.length === 2);
    await stage.begin();
  });

  test('for the calls of other APIs as well', async () => {
    const stage = await aStage({ projects: [{ id: 'main', ...inFlight(1) }], options: { queue: { maxWaitMs: 0 } } });
    await stage.begin();
    expect((await ask(stage.gateway, { key: callerKey })).status).toBe(429);
  });
});

describe('tokens', () => {
  const said = (prompt: number, answer: number): string =>
    JSON.stringify({ usageMetadata: { promptTokenCount: prompt, responseTokenCount: answer } });

  test('are counted for the project and the caller by what the provider says, turn by turn', async () => {
    const limits = { tokensPerMinute: 1_000 };
    const stage = await aStage({
      projects: [{ id: 'main', limits }],
      options: { callers: [{ id: 'alice', key: callerKey, limits }], queue: { maxWaitMs: 0 } },
    });
    const first = await stage.begin();
    first.talk.ws.send(said(400, 100));
    first.talk.ws.send(said(400, 200));
    await eventually('not heard', () => first.client.heard.length === 3);
    first.client.ws.close();
    expect(await lastEnd(stage)).toMatchObject({ usage: { prompt: 800, candidates: 300 } });
    expect(await refused(await stage.connect())).toBe(1013);
    expect(await lastEnd(stage)).toMatchObject({ error: 'rate_limited' });
    await stage.clock.advance(61_000);
    await stage.begin();
  });

  test('of a talk that never began cost nothing', async () => {
    const limits = { requestsPerMinute: 1 };
    const stage = await aStage({
      script: {
        hears: (talk, _text, count) => {
          if (stage.talks.length === 1) talk.ws.close(1011, 'You exceeded your current quota, please check your plan.');
          else if (count === 1) talk.ws.send(setupComplete);
        },
      },
      projects: [{ id: 'main', limits }],
      options: { queue: { maxWaitMs: 0 } },
    });
    expect(await refused(await stage.connect())).toBe(1011);
    await stage.clock.advance(6_000);
    await stage.begin();
  });
});

describe('a gateway that goes down', () => {
  test('tells every talk how long it still has, and ends what is on by then', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    const waiting = await stage.connect();
    const drained = stage.gateway.drain({ withinMs: 10_000 });
    await eventually('nobody was told', () => client.heard.length === 2);
    expect(client.heard[1]).toEqual({ text: '{"goAway":{"timeLeft":"10s"}}', isText: true });
    expect(talk.heard).toHaveLength(1);
    talk.ws.send('it goes on');
    await eventually('it does not go on', () => client.heard.length === 3);
    // Who has just come in hears of it with the first word.
    await stage.clock.advance(2_500);
    waiting.ws.send(setup);
    await eventually('nobody was told', () => waiting.heard.length === 2);
    expect(waiting.texts()).toEqual([setupComplete, '{"goAway":{"timeLeft":"7.5s"}}']);
    await stage.clock.advance(7_500);
    await drained;
    await eventually('the client was told nothing', () => client.closed() !== null && waiting.closed() !== null);
    expect(client.closed()?.code).toBe(1001);
    expect(waiting.closed()?.code).toBe(1001);
    await eventually('the provider does not know', () => talk.closed() !== null);
    expect(talk.closed()?.code).toBe(1001);
    expect(stage.ends).toMatchObject([{ error: 'draining' }, { error: 'draining' }]);
  });

  test('is empty as soon as the last talk is over', async () => {
    const stage = await aStage();
    const { client } = await stage.begin();
    const drained = stage.gateway.drain({ withinMs: 600_000 });
    client.ws.close();
    await drained;
    expect(stage.ends).toMatchObject([{ outcome: 'complete' }]);
  });

  test('and one that is closed ends them at once', async () => {
    const stage = await aStage();
    const { client } = await stage.begin();
    await stage.gateway.close();
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code: 1001, reason: 'The gateway was closed.' });
  });
});

describe('the options', () => {
  test.each(['maxSessions', 'setupInMs', 'maxFrameBytes', 'pingMs'])('live.%s is a whole number', (name) => {
    const options = { keys: 'k', callers: 'anyone' as const, live: { [name]: -1 } };
    expect(() => createGateway(options)).toThrow(`live.${name} must be a whole number from 0 up, got -1`);
  });

  test('0 turns a limit off', async () => {
    const stage = await aStage({ options: { live: { setupInMs: 0, maxFrameBytes: 0, pingMs: 0, maxSessions: 0 } } });
    const client = await stage.connect();
    await stage.clock.advance(86_400_000);
    client.ws.send(setup);
    await eventually('no answer', () => client.heard.length > 0);
    client.ws.send(Buffer.alloc(17_000_000, 'a'));
    await eventually('it did not come', () => stage.talks[0]?.heard.length === 2, 10_000);
  }, 30_000);
});
