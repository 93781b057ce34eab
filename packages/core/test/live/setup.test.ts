import type { Socket } from 'node:net';
import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { aStage, lastEnd, type Party, setup } from './a-talk.ts';

async function closing(client: Party): Promise<{ code: number; reason: string }> {
  await eventually('the client was told nothing', () => client.closed() !== null, 5_000);
  return client.closed() as { code: number; reason: string };
}

describe('the first message', () => {
  test('has 10 s to come, and a client that sends none is told so', async () => {
    const stage = await aStage();
    const client = await stage.connect();
    await stage.clock.advance(9_999);
    expect(client.closed()).toBeNull();
    await stage.clock.advance(1);
    const { code, reason } = await closing(client);
    expect(code).toBe(1008);
    expect(reason).toContain('live.setupInMs (10000 ms)');
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'request_timeout', attempts: 0 });
  });

  test('is not waited for longer because it comes byte by byte', async () => {
    const stage = await aStage();
    const client = await stage.connect();
    const frame = Buffer.concat([Buffer.from([0x81, 0x80 | setup.length, 0, 0, 0, 0]), Buffer.from(setup)]);
    const { _socket: socket } = client.ws as unknown as { _socket: Socket };
    for (let at = 0; at < 20; at++) {
      expect(client.closed()).toBeNull();
      socket.write(frame.subarray(at, at + 1));
      await eventually('it did not come', () => stage.gateway.snapshot().bufferedBytes >= at + 1);
      await stage.clock.advance(500);
    }
    expect((await closing(client)).code).toBe(1008);
    expect(stage.asked()).toBe(0);
  });

  test.each([
    ['no JSON', 'hello'],
    ['half of it', setup.slice(0, -3)],
    ['another message', '{"clientContent":{"turns":[]}}'],
    ['a setup that is none', '{"setup":"please"}'],
    ['a list', '[{"setup":{}}]'],
    ['nothing', ''],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ])('that is %s ends it with 1007, and nothing goes up', async (_what, message) => {
    const stage = await aStage();
    const client = await stage.connect();
    client.ws.send(message);
    const { code, reason } = await closing(client);
    expect(code).toBe(1007);
    expect(reason).toContain('{"setup": {…}}');
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    expect(stage.talks).toHaveLength(0);
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'invalid_request', attempts: 0 });
  });

  test.each([
    ['models/gemini-live-2.5-flash-preview', 'gemini-live-2.5-flash-preview'],
    ['gemini-3.8-live', 'gemini-3.8-live'],
    ['tunedModels/mine', 'tunedModels/mine'],
    ['models/../admin', null],
    ['x'.repeat(200), null],
    [7, null],
    [undefined, null],
  ])('names the model %j', async (model, expected) => {
    const stage = await aStage({ options: { affinity: { unknown: 'refuse' } } });
    const client = await stage.connect();
    client.ws.send(JSON.stringify({ setup: { model } }));
    if (model !== 'tunedModels/mine') await eventually('no answer', () => client.heard.length > 0);
    client.ws.close();
    expect(await lastEnd(stage)).toMatchObject({ model: expected });
  });
});

describe('bad frames', () => {
  test.each([
    ['as the first one', false],
    ['later', true],
  ])('one that is too large, %s, ends it with 1009', async (_when, isLater) => {
    const stage = await aStage({ options: { live: { maxFrameBytes: 100_000 } } });
    const client = isLater ? (await stage.begin()).client : await stage.connect();
    client.ws.send('x'.repeat(100_001));
    expect(await closing(client)).toMatchObject({ code: 1009 });
    expect(await lastEnd(stage)).toMatchObject({
      outcome: 'failed',
      error: isLater ? 'too_large' : 'payload_too_large',
    });
    if (isLater) await eventually('the provider does not know', () => stage.talks[0]?.closed() !== null);
    if (isLater) expect(stage.talks[0]?.closed()).toEqual({ code: 1001, reason: '' });
  });

  test('one of 16 MiB passes, and one byte more does not', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    client.ws.send(Buffer.alloc(16_777_216, 'a'));
    await eventually('it did not come', () => talk.heard.length === 2, 10_000);
    expect(talk.heard[1]?.text.length).toBe(16_777_216);
    client.ws.send(Buffer.alloc(16_777_217, 'a'));
    expect(await closing(client)).toMatchObject({ code: 1009 });
  }, 30_000);

  test('one of the provider’s that is too large: the client is told who is to blame', async () => {
    const stage = await aStage({ options: { live: { maxFrameBytes: 100_000 } } });
    const { client, talk } = await stage.begin();
    talk.ws.send('x'.repeat(100_001));
    expect(await closing(client)).toEqual({ code: 1011, reason: 'The provider broke the protocol (1009).' });
    await eventually('the provider does not know', () => talk.closed() !== null);
    expect(talk.closed()?.code).toBe(1009);
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'no_http' });
  });

  test('one in more than 256 pieces ends it', async () => {
    const stage = await aStage();
    const { client } = await stage.begin();
    for (let piece = 0; piece < 300; piece++) client.ws.send('x', { fin: false });
    expect(await closing(client)).toMatchObject({ code: 1008 });
  });

  test.each([
    ['text that is no UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff], 1007],
    ['a reserved opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['an unmasked frame', [0x81, 0x01, 0x61], 1002],
    ['a compressed frame that nobody agreed on', [0xc1, 0x81, 0, 0, 0, 0, 0x61], 1002],
  ])('%s ends it', async (_what, bytes, code) => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    (client.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.from(bytes));
    expect(await closing(client)).toMatchObject({ code });
    await eventually('the provider does not know', () => talk.closed() !== null);
    expect(talk.closed()?.code).toBe(1001);
  });
});
