import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { GatewayOptions } from '../../src/options.ts';
import { aStage, callerKey, constrained, key, type Party, path, type Script, type Stage } from './a-talk.ts';

const bobsKey = 'canary-other-caller-4711';
const alice = { id: 'alice', key: callerKey };
const bob = { id: 'bob', key: bobsKey };
const token = 'auth_tokens/canary-token-1';
const gone = { code: 1008, reason: "This session's caller may not call here any more." };
const mints: Script = { answers: () => JSON.stringify({ name: token }) };

type Callers = NonNullable<GatewayOptions['callers']>;

function reload({ gateway }: Stage, callers: Callers, more: Partial<GatewayOptions> = {}): Promise<void> {
  const { baseUrl } = gateway.snapshot().pools[0] as { baseUrl: string };
  const pools = { gemini: { baseUrl, projects: [{ id: 'main', keys: [key('main')] }] } };
  return gateway.reload({ pools, callers, ...more });
}

async function isOver(client: Party): Promise<void> {
  await eventually('the client was told nothing', () => client.closed() !== null, 5_000);
  expect(client.closed()).toEqual(gone);
}

async function goesOn({ client, talk }: { client: Party; talk: Party }): Promise<void> {
  const before = client.heard.length;
  talk.ws.send('it goes on');
  await eventually('it does not go on', () => client.heard.length > before);
  expect(client.closed()).toBeNull();
}

describe('a caller that is taken out of the options', () => {
  test('keeps no session: its client is told why, the provider that it has gone, and the others talk on', async () => {
    const stage = await aStage({ options: { callers: [alice, bob] } });
    const alices = [await stage.begin(), await stage.begin()];
    const bobs = await stage.begin(`${path}?key=${bobsKey}`);
    await reload(stage, [bob]);
    for (const { client, talk } of alices) {
      await isOver(client);
      await eventually('the provider does not know', () => talk.closed() !== null);
      expect(talk.closed()?.code).toBe(1001);
    }
    await eventually('nothing was told', () => stage.ends.length === 2);
    expect(stage.ends).toMatchObject([1, 2].map(() => ({ caller: 'alice', error: 'unauthorized', outcome: 'failed' })));
    await goesOn(bobs);
    await expect(stage.connect()).rejects.toThrow('401');
  });

  test('nor one that waits for its setup', async () => {
    const stage = await aStage({ options: { callers: [alice, bob] } });
    const client = await stage.connect();
    await reload(stage, [bob]);
    await isOver(client);
    expect(stage.asked()).toBe(0);
  });

  test('nor one that nobody reads', async () => {
    const stage = await aStage({ options: { callers: [alice, bob] } });
    const { client, talk } = await stage.begin();
    client.ws.pause();
    for (let frame = 0; frame < 40; frame++) talk.ws.send(Buffer.alloc(1_000_000, 'a'));
    await reload(stage, [bob]);
    await stage.clock.advance(1_000);
    await eventually('it is still on', () => stage.gateway.snapshot().open === 0, 5_000);
    client.ws.resume();
  });

  test('nor one that was let in a moment before, and comes to talk a moment after', async () => {
    const asked: (() => void)[] = [];
    const lookup = () => new Promise<{ id: string }>((resolve) => asked.push(() => resolve({ id: 'alice' })));
    const stage = await aStage({ options: { callers: lookup } });
    const connecting = stage.connect();
    await eventually('nobody was asked', () => asked.length === 1);
    await reload(stage, [bob]);
    asked[0]?.();
    await isOver(await connecting);
  });

  test('nor one that a token of its own has opened', async () => {
    const stage = await aStage({ script: mints, options: { callers: [alice, bob] } });
    const minted = await stage.gateway.fetch('/v1alpha/auth_tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': callerKey },
      body: '{}',
    });
    await minted.text();
    const { client } = await stage.begin(`${constrained}?access_token=${token}`);
    await reload(stage, [alice]);
    expect(client.closed()).toBeNull();
    await reload(stage, [bob]);
    await isOver(client);
  });

  test('nor with a key that was replaced: whoever has the old one is out', async () => {
    const stage = await aStage({ options: { callers: [alice] } });
    const { client } = await stage.begin();
    await reload(stage, [{ id: 'alice', key: bobsKey }]);
    await isOver(client);
  });
});

describe('a session goes on', () => {
  test.each<[string, Callers]>([
    ['with other limits', [{ ...alice, limits: { requestsPerMinute: 1, maxInFlight: 1 } }, bob]],
    ['in another order', [bob, alice]],
    ['where everybody may call from now on', 'anyone'],
    ['where a function decides from now on, which goes by requests', () => null],
  ])('%s', async (_how, callers) => {
    const stage = await aStage({ options: { callers: [alice, bob] } });
    const session = await stage.begin();
    await reload(stage, callers);
    await goesOn(session);
  });

  test('when its caller was gone for a moment only', async () => {
    const stage = await aStage({ options: { callers: [alice, bob] } });
    const session = await stage.begin();
    await Promise.all([reload(stage, [bob]), reload(stage, [alice])]);
    await goesOn(session);
  });

  test('and whoever comes after a reload is not asked for more than before', async () => {
    const stage = await aStage({ options: { callers: [alice] } });
    await reload(stage, [alice, bob]);
    const session = await stage.begin();
    await stage.clock.advance(1_000);
    await goesOn(session);
  });
});
