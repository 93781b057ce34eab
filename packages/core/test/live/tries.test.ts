import type { AttemptEvent, RetryEvent } from '@sluice/core';
import { startNetworkFault } from '@sluice/simulator/network';
import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { keys, project } from '../gateway/a-gateway.ts';
import { aStage, key, lastEnd, type Script, type Stage, setup, setupComplete, type Talk } from './a-talk.ts';

const two = [{ id: 'one' }, { id: 'two' }];

/** Ends every talk that a key opens by this code and reason; everybody else is served. */
function refusing(bad: string, code: number, reason: string): Script {
  return {
    hears(talk, _text, count) {
      if (talk.headers['x-goog-api-key'] === bad) talk.ws.close(code, reason);
      else if (count === 1) talk.ws.send(setupComplete);
    },
  };
}

/** Talks until each project had its turn: the first one that is chosen is anybody's. */
async function talkToAll(stage: Stage, times = 2): Promise<void> {
  for (let at = 0; at < times; at++) {
    const { client } = await stage.begin();
    expect(client.texts()).toEqual([setupComplete]);
  }
}

const bodyOf = (code: number, message: string, status: string): string =>
  JSON.stringify({ error: { code, message, status } });

describe('a key that the provider refuses', () => {
  test.each([
    ['API key not valid. Please pass a valid API key.', 1007, 'key_invalid'],
    ['API key expired. Please renew the API key.', 1007, 'key_invalid'],
    ['API key not valid. Please pass a valid API key.', 1008, 'key_invalid'],
    ['Your API key was reported as leaked. Please use another API key.', 1008, 'key_leaked'],
  ])('by %j is given up for another one, and the client notices nothing', async (reason, code, kind) => {
    const stage = await aStage({ projects: two, script: refusing(key('one'), code, reason) });
    await talkToAll(stage);
    expect(keys(stage.gateway, 'one')).toEqual([`one#1 disabled ${kind}`]);
    expect(keys(stage.gateway, 'two')).toEqual(['two#1 ready']);
    expect(stage.talks.every(({ texts }) => texts()[0] === setup)).toBe(true);
  });

  test.each([
    [400, bodyOf(400, 'API key not valid. Please pass a valid API key.', 'INVALID_ARGUMENT'), 'disabled key_invalid'],
    [
      401,
      bodyOf(401, 'Request had invalid authentication credentials.', 'UNAUTHENTICATED'),
      'disabled key_unauthenticated',
    ],
    [403, bodyOf(403, 'Your API key was reported as leaked.', 'PERMISSION_DENIED'), 'disabled key_leaked'],
  ])('over HTTP with %i is given up as well', async (status, body, state) => {
    const refuse: Script['refuse'] = ({ headers }) =>
      headers['x-goog-api-key'] === key('one') ? { status, body } : null;
    const stage = await aStage({ projects: two, script: { refuse } });
    await talkToAll(stage);
    expect(keys(stage.gateway, 'one')).toEqual([`one#1 ${state}`]);
  });

  test('is no business of the client when there is no other', async () => {
    const stage = await aStage({
      script: refusing(key('main'), 1007, 'API key not valid. Please pass a valid API key.'),
    });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toMatchObject({ code: 1013 });
    expect(client.closed()?.reason).not.toMatch(/API key/);
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'no_usable_key', attempts: 1 });
  });
});

describe('a project that is out of quota', () => {
  const reason = 'You exceeded your current quota, please check your plan and billing details.';

  test('rests for the model, and another one takes the talk', async () => {
    const stage = await aStage({ projects: two, script: refusing(key('one'), 1011, reason) });
    const retries: RetryEvent[] = [];
    stage.gateway.on('retry', (retry) => retries.push(retry));
    await talkToAll(stage);
    expect(project(stage.gateway, 'one').cooling).toMatchObject([
      { model: 'gemini-live-2.5-flash-preview', reason: 'quota_unexplained' },
    ]);
    expect(retries).toMatchObject([{ reason: 'quota_unexplained', afterMs: 0, isFailover: true }]);
  });

  test('with nobody to take its place: the client hears the provider’s own words', async () => {
    const stage = await aStage({ script: refusing(key('main'), 1011, reason) });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code: 1011, reason });
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'quota_unexplained' });
  });

  test('and who comes while all of them rest is told by us', async () => {
    const stage = await aStage({ script: refusing(key('main'), 1011, reason) });
    for (const code of [1011, 1013]) {
      const client = await stage.connect();
      client.ws.send(setup);
      await eventually('the client was told nothing', () => client.closed() !== null);
      expect(client.closed()?.code).toBe(code);
    }
    expect(stage.talks).toHaveLength(1);
  });

  test('rests as well when it runs out in the middle of a talk', async () => {
    const stage = await aStage({ projects: two });
    const { client, talk } = await stage.begin();
    talk.ws.close(1011, reason);
    await eventually('the client was told nothing', () => client.closed() !== null);
    await lastEnd(stage);
    const resting = two.filter(({ id }) => project(stage.gateway, id).cooling.length > 0);
    expect(resting).toHaveLength(1);
  });
});

describe('a setup that the provider refuses', () => {
  test.each([
    [1007, 'Request contains an invalid argument.'],
    [1008, 'models/x is not found for API version v1beta, or is not supported for bidiGenerateContent.'],
  ])('by %i is not said again to anybody', async (code, reason) => {
    const stage = await aStage({ projects: two, script: { hears: ({ ws }) => ws.close(code, reason) } });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code, reason });
    expect(stage.talks).toHaveLength(1);
    expect(keys(stage.gateway, 'one')).toEqual(['one#1 ready']);
  });

  test('over HTTP is told as a close, without the key', async () => {
    const body = bodyOf(404, `models/x of ${key('main')} is not found`, 'NOT_FOUND');
    const stage = await aStage({ script: { refuse: () => ({ status: 404, body }) } });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code: 1008, reason: 'models/x of [key] is not found' });
  });
});

describe('a provider that is not well', () => {
  test('is asked three times, with pauses, and then the client is told in its words', async () => {
    const reason = 'The service is currently unavailable.';
    const stage = await aStage({ projects: two, script: { hears: ({ ws }) => ws.close(1011, reason) } });
    const attempts: AttemptEvent[] = [];
    stage.gateway.on('attempt', (attempt) => attempts.push(attempt));
    const client = await stage.connect();
    client.ws.send(setup);
    for (let calls = 1; calls <= 3; calls++) {
      await eventually('no further try', () => stage.talks.length === calls);
      await eventually('it goes on', () => attempts.length === calls);
      await stage.clock.advance(200);
    }
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code: 1011, reason });
    expect(attempts.map(({ outcome, status, project: id }) => [outcome, status, id])).toEqual(
      Array.from({ length: 3 }, () => ['overloaded', 101, attempts[0]?.project]),
    );
  });

  test.each([
    [
      'that sends us elsewhere',
      { status: 302, body: '', headers: 'location: https://elsewhere.example/\r\n' },
      'upstream_redirect',
    ],
    ['that answers as if nobody had asked for a talk', { status: 200, body: 'hello' }, 'upstream_protocol'],
  ])('%s is not followed', async (_who, refusal, error) => {
    const stage = await aStage({ script: { refuse: () => refusal }, options: { retry: { maxAttempts: 1 } } });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()?.code).toBe(1011);
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error });
  });

  test('that is not there', async () => {
    const stage = await aStage({
      options: {
        pools: { gemini: { baseUrl: 'http://127.0.0.1:9', projects: [{ id: 'main', keys: [key('main')] }] } },
        retry: { maxAttempts: 1 },
      },
    });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code: 1011, reason: 'No connection to the provider (ECONNREFUSED).' });
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'upstream_unreachable' });
  });

  test('that shows a certificate which nobody trusts', async () => {
    const fault = await startNetworkFault('tls-self-signed');
    const stage = await aStage({
      options: { pools: { gemini: { baseUrl: fault.url, projects: [{ id: 'main', keys: [key('main')] }] } } },
    });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()).toMatchObject({ code: 1011 });
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'upstream_tls', attempts: 1 });
    await fault.close();
  });

  test('that does not open the connection within timeouts.connectMs', async () => {
    const stage = await aStage({ script: { refuse: () => 'hold' }, options: { retry: { maxAttempts: 1 } } });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('it was not asked', () => stage.asked() === 1);
    await stage.clock.advance(4_999);
    expect(client.closed()).toBeNull();
    await stage.clock.advance(1);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()?.code).toBe(1011);
    expect(await lastEnd(stage)).toMatchObject({ error: 'upstream_timeout' });
  });

  test('that says nothing to the setup for a minute', async () => {
    const talks: Talk[] = [];
    const stage = await aStage({
      script: { hears: (talk) => talks.push(talk) },
      options: { retry: { maxAttempts: 1 } },
    });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('no setup', () => talks.length === 1);
    await stage.clock.advance(59_000);
    expect(client.closed()).toBeNull();
    await stage.clock.advance(1_000);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()?.code).toBe(1011);
    expect(await lastEnd(stage)).toMatchObject({ error: 'upstream_timeout' });
  });

  test('is left alone by its breaker, and well again with the first word', async () => {
    const stage = await aStage();
    const target = `${new URL(stage.gateway.snapshot().pools[0]?.baseUrl ?? '').host}/gemini-live-2.5-flash-preview`;
    stage.gateway.breakers.isolate(target);
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('the client was told nothing', () => client.closed() !== null);
    expect(client.closed()?.code).toBe(1013);
    expect(stage.talks).toHaveLength(0);
    stage.gateway.breakers.reset();
    await stage.begin();
  });
});
