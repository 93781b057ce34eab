import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { aStage, key, lastEnd, setup } from './a-talk.ts';

/** What the rule allows, and as much again for a slow machine; without the rule it would be seconds, or never. */
const soonMs = 1_000;

describe('who ends it tells the other why', () => {
  test.each([
    [1000, 'done'],
    [1001, ''],
    [3000, 'ours'],
    [4999, 'ours'],
  ])('the client by %i', async (code, reason) => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    client.ws.close(code, reason);
    await eventually('the provider does not know', () => talk.closed() !== null);
    expect(talk.closed()).toEqual({ code, reason });
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'complete', error: null });
  });

  test.each([
    [1000, '', 'complete', null],
    [1001, 'moved', 'complete', null],
    [1007, 'Request contains an invalid argument.', 'failed', 'refused'],
    [1008, 'Requested entity was not found.', 'failed', 'refused'],
    [1011, 'Internal error encountered.', 'failed', 'internal'],
    [
      1011,
      'You exceeded your current quota, please check your plan and billing details.',
      'failed',
      'quota_unexplained',
    ],
    [1013, 'later', 'failed', 'overloaded'],
  ])('the provider by %i %j', async (code, reason, outcome, error) => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    talk.ws.close(code, reason);
    await eventually('the client does not know', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code, reason });
    expect(await lastEnd(stage)).toMatchObject({ status: 101, outcome, error });
  });

  test('a close without a code stays one, either way', async () => {
    const stage = await aStage();
    const first = await stage.begin();
    first.client.ws.close();
    const second = await stage.begin();
    second.talk.ws.close();
    await eventually('not all know', () => first.talk.closed() !== null && second.client.closed() !== null);
    expect([first.talk.closed(), second.client.closed()]).toEqual([
      { code: 1005, reason: '' },
      { code: 1005, reason: '' },
    ]);
    await eventually('not both have ended', () => stage.ends.length === 2);
    expect(stage.ends.map(({ outcome }) => outcome)).toEqual(['complete', 'complete']);
  });

  test('no key is in what the provider says', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    talk.ws.close(1008, `Consumer 'api_key:${key('main')}' and AIza${'x'.repeat(35)} have been suspended.`);
    await eventually('the client does not know', () => client.closed() !== null);
    expect(client.closed()).toEqual({ code: 1008, reason: "Consumer 'api_key:[key]' and [key] have been suspended." });
    expect(JSON.stringify(stage.ends)).not.toContain(key('main'));
  });

  test('and no half of one either, where the reason was cut', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    const reason = `${"Permission denied: Consumer 'api_key:".padEnd(115, '.')}${key('main').slice(0, 8)}`;
    talk.ws.close(1008, reason);
    await eventually('the client does not know', () => client.closed() !== null);
    expect(client.closed()?.reason).toBe(`${reason.slice(0, 115)}[key]`);
  });

  test('what was said before the good-bye is heard', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    for (let at = 0; at < 50; at++) talk.ws.send('x'.repeat(10_000));
    talk.ws.close(1000, 'done');
    await eventually('the client does not know', () => client.closed() !== null);
    expect(client.heard).toHaveLength(51);
    expect(client.closed()).toEqual({ code: 1000, reason: 'done' });
  });
});

describe('who goes without a word', () => {
  test('the client: the provider is told within moments that it has gone', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    const fromMs = performance.now();
    client.ws.terminate();
    await eventually('the provider does not know', () => talk.closed() !== null);
    expect(performance.now() - fromMs).toBeLessThan(soonMs);
    expect(talk.closed()).toEqual({ code: 1001, reason: '' });
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'aborted', error: 'client_gone', message: null });
  });

  test('the provider: the client is told within moments that it broke', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    const fromMs = performance.now();
    talk.socket.destroy();
    await eventually('the client does not know', () => client.closed() !== null);
    expect(performance.now() - fromMs).toBeLessThan(soonMs);
    expect(client.closed()).toEqual({ code: 1011, reason: 'The connection to the provider broke.' });
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'truncated' });
  });

  test('the client before it has said what it wants', async () => {
    const stage = await aStage();
    const client = await stage.connect();
    client.ws.terminate();
    expect(await lastEnd(stage)).toMatchObject({ status: 101, outcome: 'aborted', error: 'client_gone', attempts: 0 });
    expect(stage.talks).toHaveLength(0);
  });

  test('the client while the provider still thinks about the setup', async () => {
    const stage = await aStage({ script: { hears: () => {} } });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('no setup', () => stage.talks[0]?.heard.length === 1);
    client.ws.close();
    await eventually('the provider does not know', () => stage.talks[0]?.closed() !== null);
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'aborted', attempts: 1 });
  });

  test('the client while the provider is still being called', async () => {
    const stage = await aStage({ script: { refuse: () => 'hold' } });
    const client = await stage.connect();
    client.ws.send(setup);
    await eventually('it was not asked', () => stage.asked() === 1);
    client.ws.terminate();
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'aborted', attempts: 1 });
  });

  test('a client that half-closes its connection has gone', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    (client.ws as unknown as { _socket: { end(): void } })._socket.end();
    await eventually('the provider does not know', () => talk.closed() !== null);
    expect(talk.closed()?.code).toBe(1001);
  });
});

describe('signs of life', () => {
  test('both sides are asked for one every 20 s, and a talk without a word lasts', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    for (let minute = 0; minute < 4; minute++) {
      const before = client.pings() + talk.pings();
      await stage.clock.advance(20_000);
      await eventually('nobody was asked', () => client.pings() + talk.pings() >= before + 2);
      // Time for the answers to come, and be looked at.
      await eventually('they have not answered', () => stage.gateway.snapshot().open === 1);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await stage.clock.advance(10_000);
    expect([client.closed(), talk.closed()]).toEqual([null, null]);
  });

  test.each(['client', 'provider'] as const)('a %s that gives none within 10 s is gone', async (who) => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    const [silent, other] = who === 'client' ? [client, talk] : [talk, client];
    silent.ws.pause();
    await stage.clock.advance(20_000);
    await eventually('the other one was not asked', () => other.pings() === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await stage.clock.advance(10_000);
    await eventually('the other one does not know', () => other.closed() !== null);
    expect(other.closed()?.code).toBe(who === 'client' ? 1001 : 1011);
    expect(await lastEnd(stage)).toMatchObject(
      who === 'client' ? { outcome: 'aborted', error: 'client_gone' } : { outcome: 'failed', error: 'timeout' },
    );
    // It reads nothing, and so would never notice.
    silent.ws.terminate();
  });

  test('nobody is asked where the options say so', async () => {
    const stage = await aStage({ options: { live: { pingMs: 0 } } });
    const { client, talk } = await stage.begin();
    await stage.clock.advance(3_600_000);
    expect([client.pings(), talk.pings(), client.closed()]).toEqual([0, 0, null]);
  });
});
