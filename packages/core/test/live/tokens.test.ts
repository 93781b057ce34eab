import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { project } from '../gateway/a-gateway.ts';
import {
  aStage,
  callerKey,
  constrained,
  key,
  lastEnd,
  path,
  type Script,
  type Stage,
  setup,
  setupComplete,
} from './a-talk.ts';

const token = 'auth_tokens/canary-token-1';
const otherKey = 'canary-other-caller-4711';
const two = [{ id: 'one' }, { id: 'two' }];
const callers = [
  { id: 'alice', key: callerKey },
  { id: 'bob', key: otherKey },
];

/** Mints tokens, one after the other, and serves every talk. */
function mint(): Script {
  return { answers: () => JSON.stringify({ name: token }) };
}

async function minted(stage: Stage): Promise<string> {
  const answer = await stage.gateway.fetch('/v1alpha/auth_tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': callerKey },
    body: '{"uses":1}',
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { name: string }).name;
}

describe('an ephemeral token that was minted through the gateway', () => {
  test.each([
    ['as JavaScript sends it', `${constrained}?access_token=${token}`, {}],
    ['as Python sends it', constrained, { authorization: `Token ${token}` }],
  ])('goes up unchanged as the only credential, %s', async (_how, target, headers) => {
    const stage = await aStage({ projects: two, script: mint() });
    await minted(stage);
    const { client, talk } = await stage.begin(target, { headers });
    expect(talk.target).toBe(target);
    expect(talk.headers['x-goog-api-key']).toBeUndefined();
    expect(talk.headers.authorization).toBe('authorization' in headers ? headers.authorization : undefined);
    client.ws.close();
    await eventually('it is not over', () => stage.ends.some(({ surface }) => surface === 'live'));
    const end = stage.ends.at(-1);
    expect(end).toMatchObject({
      surface: 'live',
      caller: 'alice',
      call: 'BidiGenerateContentConstrained',
      path: constrained,
    });
    expect(JSON.stringify(stage.ends)).not.toContain('canary-token');
  });

  test('is used in the project that it was minted in, however busy that is', async () => {
    const stage = await aStage({ projects: two, script: mint() });
    let home = '';
    stage.gateway.on('attempt', (attempt) => {
      home ||= attempt.project;
    });
    await minted(stage);
    for (let at = 1; at <= 3; at++) {
      await stage.begin(`${constrained}?access_token=${token}`);
      expect(project(stage.gateway, home).inFlight).toBe(at);
    }
  });

  test('speaks for its caller: no key of another one may stand beside it', async () => {
    const stage = await aStage({ script: mint(), options: { callers } });
    await minted(stage);
    await expect(stage.connect(`${constrained}?access_token=${token}&key=${otherKey}`)).rejects.toThrow('400');
  });

  test('is no credential any more when its caller may not call any more', async () => {
    const stage = await aStage({ script: mint() });
    await minted(stage);
    const { baseUrl } = stage.gateway.snapshot().pools[0] as { baseUrl: string };
    await stage.gateway.reload({
      pools: { gemini: { baseUrl, projects: [{ id: 'main', keys: [key('main')] }] } },
      callers: [{ id: 'bob', key: otherKey }],
    });
    await expect(stage.connect(`${constrained}?access_token=${token}`)).rejects.toThrow('401');
  });

  test('harms no key when the provider does not take it', async () => {
    const stage = await aStage({
      script: { ...mint(), hears: ({ ws }) => ws.close(1007, 'API key not valid. Please pass a valid API key.') },
    });
    await minted(stage);
    const client = await stage.connect(`${constrained}?access_token=${token}`);
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code: 1007, reason: 'API key not valid. Please pass a valid API key.' });
    expect(project(stage.gateway).keys).toMatchObject([{ state: 'ready' }]);
    expect(stage.talks).toHaveLength(1);
  });
});

describe('a handle by which a talk goes on', () => {
  const update = (handle: string): string =>
    JSON.stringify({ sessionResumptionUpdate: { newHandle: handle, resumable: true } });
  const resuming = (handle: string): string =>
    JSON.stringify({ setup: { model: 'models/gemini-live-2.5-flash-preview', sessionResumption: { handle } } });

  test('leads back to the project that has given it', async () => {
    const stage = await aStage({ projects: two });
    const first = await stage.begin();
    first.talk.ws.send(Buffer.from(update('canary-handle')));
    await eventually('no handle', () => first.client.heard.length === 2);
    const given = first.talk.headers['x-goog-api-key'];
    for (let at = 0; at < 4; at++) {
      const client = await stage.connect();
      client.ws.send(resuming('canary-handle'));
      await eventually('no answer', () => client.heard.length > 0);
      expect(stage.talks.at(-1)?.headers['x-goog-api-key']).toBe(given);
    }
    first.client.ws.close();
    expect(JSON.stringify(await lastEnd(stage))).not.toContain('canary-handle');
  });

  test('is nobody else’s', async () => {
    const stage = await aStage({ options: { callers } });
    const first = await stage.begin();
    first.talk.ws.send(update('canary-handle'));
    await eventually('no handle', () => first.client.heard.length === 2);
    const client = await stage.connect(`${path}?key=${otherKey}`);
    client.ws.send(resuming('canary-handle'));
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()?.code).toBe(1008);
    expect(stage.talks).toHaveLength(1);
  });

  test('that nobody here knows is the provider’s to judge', async () => {
    const stage = await aStage();
    const client = await stage.connect();
    client.ws.send(resuming('from elsewhere'));
    await eventually('no answer', () => client.heard.length > 0);
    expect(client.texts()).toEqual([setupComplete]);
  });
});
