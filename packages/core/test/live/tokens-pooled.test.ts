import { eventually } from '@sluice/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Door, model, openDoors, sdk, talkBy } from './a-door.ts';
import { constrained } from './a-talk.ts';

// The SDK warns that all of this may change.
vi.spyOn(console, 'warn').mockImplementation(() => {});

const projects = ['one', 'two', 'three'].map((id) => ({ id, keys: [`canary-${id}-1`] }));
const callers = ['alice', 'bob', 'carol'].map((id) => ({ id, key: `canary-caller-key-of-${id}` }));
const apiVersion = 'v1alpha';
const setup = JSON.stringify({ setup: { model: `models/${model}` } });

async function mint(door: Door, apiKey: string, uses = 2): Promise<string> {
  const { name = '' } = await sdk(door, apiKey, apiVersion).authTokens.create({ config: { uses } });
  return name;
}

/** As Google's SDK for Python puts it: it has no other way, and wants TLS, so it is done by hand here. */
function pythons(door: Door, token: string): Promise<{ first: string; close(): void }> {
  const headers = { authorization: `Token ${token}` };
  return heard(new WebSocket(`ws://127.0.0.1:${door.port}${constrained}`, { headers }));
}

const open: WebSocket[] = [];
afterEach(() => {
  for (const ws of open.splice(0)) ws.terminate();
});

function heard(ws: WebSocket, said = setup): Promise<{ first: string; close(): void }> {
  open.push(ws);
  return new Promise((resolve, reject) => {
    ws.once('open', () => ws.send(said));
    ws.once('message', (data) => resolve({ first: data.toString(), close: () => ws.close() }));
    ws.once('close', (code, reason) => reject(new Error(`${code} ${reason}`)));
    ws.once('error', reject);
  });
}

describe('tokens of three projects', () => {
  test('lead each to the project that it was minted in, as JavaScript and as Python show it', async () => {
    const { simulator, doors } = await openDoors(1, { projects, callers });
    const [door] = doors as [Door];
    const tokens: { token: string; project: string; caller: string }[] = [];
    for (const [at, { id, key }] of callers.entries()) {
      // The others rest while this one is minted, so that there is one of each project.
      const others = projects.filter((_, place) => place !== at).map((project) => `${project.id}#1`);
      for (const other of others) await door.gateway.pools.gemini?.disable(other, 'for a moment');
      tokens.push({ token: await mint(door, key), project: projects[at]?.id ?? '', caller: id });
      for (const other of others) await door.gateway.pools.gemini?.enable(other);
    }
    const over = (): string[] => door.ends.filter(({ surface }) => surface === 'live').map((end) => String(end.caller));
    for (const [at, { token, project, caller }] of tokens.entries()) {
      const { session } = await talkBy(sdk(door, token, apiVersion), 'by JavaScript');
      expect(simulator.journal.conversations.at(-1)).toMatchObject({ key: token, project });
      session.close();
      const python = await pythons(door, token);
      expect(JSON.parse(python.first)).toEqual({ setupComplete: {} });
      expect(simulator.journal.conversations.at(-1)).toMatchObject({ key: token, project });
      python.close();
      await eventually('they are not over', () => over().length === 2 * (at + 1), 10_000);
      expect(over().slice(-2)).toEqual([caller, caller]);
    }
    expect(simulator.journal.conversations).toHaveLength(6);
  });

  test('and its project alone: where that has no key left, nobody else is asked', async () => {
    const { simulator, doors } = await openDoors(1, { projects, callers });
    const [door] = doors as [Door];
    const token = await mint(door, callers[0]?.key ?? '');
    const minted = simulator.journal.requests[0]?.key;
    const { id } = projects.find(({ keys: [key] }) => key === minted) as { id: string };
    await door.gateway.pools.gemini?.disable(`${id}#1`, 'rotated');
    await expect(pythons(door, token)).rejects.toThrow(
      '1008 The resources of this request live in a project of the pool',
    );
    expect(simulator.journal.conversations).toHaveLength(0);
  });

  test('are good at another gateway on the same store, and no stranger’s is', async () => {
    const { doors } = await openDoors(2, { projects, callers });
    const [first, second] = doors as [Door, Door];
    const token = await mint(first, callers[1]?.key ?? '');
    const { session } = await talkBy(sdk(second, token, apiVersion), 'at the other one');
    session.close();
    (await pythons(second, token)).close();
    await eventually('they are not over', () => second.ends.length === 2, 10_000);
    expect(second.ends.map(({ caller }) => caller)).toEqual(['bob', 'bob']);
    const elsewhere = await openDoors(1, { projects, callers });
    const [other] = elsewhere.doors as [Door];
    await expect(pythons(other, token)).rejects.toThrow('401');
    await expect(talkBy(sdk(other, token, apiVersion), 'a stranger')).rejects.toThrow('401');
    expect(elsewhere.simulator.journal.conversations).toHaveLength(0);
    expect(other.ends.map(({ error }) => error)).toEqual(['unauthorized', 'unauthorized']);
  });

  test('are used up when the provider says so: the gateway counts nothing, and blames nobody', async () => {
    const { simulator, doors } = await openDoors(1, { projects, callers });
    const [door] = doors as [Door];
    const token = await mint(door, callers[0]?.key ?? '', 1);
    (await pythons(door, token)).close();
    await expect(pythons(door, token)).rejects.toThrow('1008 Request had invalid authentication credentials');
    await expect(talkBy(sdk(door, token, apiVersion), 'again')).rejects.toThrow('1008');
    expect(simulator.journal.conversations).toHaveLength(3);
    const states = door.gateway.snapshot().pools[0]?.projects.flatMap(({ keys }) => keys.map(({ state }) => state));
    expect(states).toEqual(['ready', 'ready', 'ready']);
  });
});

test('a token that is minted for an alias is good for the model that it stands for, by the alias and by the name', async () => {
  const options = { routes: { fast: { model } } };
  const { simulator, doors } = await openDoors(1, { projects, callers, options });
  const [door] = doors as [Door];
  const minter = sdk(door, callers[0]?.key ?? '', apiVersion);
  const config = { uses: 2, liveConnectConstraints: { model: 'fast', config: { temperature: 0.5 } } };
  const { name = '' } = await minter.authTokens.create({ config });
  const sent = Buffer.from(simulator.journal.requests.at(-1)?.body ?? []).toString();
  expect(JSON.parse(sent)).toMatchObject({ bidiGenerateContentSetup: { model: `models/${model}` } });
  expect(simulator.journal.requests.at(-1)?.headers['content-length']).toBe(String(sent.length));
  for (const asked of ['fast', model]) {
    const ws = new WebSocket(`ws://127.0.0.1:${door.port}${constrained}?access_token=${name}`);
    const talk = await heard(ws, JSON.stringify({ setup: { model: `models/${asked}` } }));
    expect(JSON.parse(talk.first)).toEqual({ setupComplete: {} });
    talk.close();
  }
});
