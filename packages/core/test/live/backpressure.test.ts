import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { aStage, lastEnd, type Party, setup, setupComplete } from './a-talk.ts';

const frame = Buffer.alloc(65_536, 'x');
const frames = 400;

/** Sends as fast as it may, as any program would: without a look at what has left. */
function flood({ ws }: Party, count: number = frames): void {
  for (let at = 0; at < count; at++) ws.send(frame);
}

/** Resolves when nothing more has moved for some turns. */
async function still(value: () => number): Promise<void> {
  let before = -1;
  while (value() !== before) {
    before = value();
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
}

describe.each([
  ['client', 'provider'],
  ['provider', 'client'],
] as const)('a flood from the %s to a %s that does not read', (from, _to) => {
  test('is held at its source, and comes whole and in order when the reader goes on', async () => {
    const stage = await aStage({ options: { live: { pingMs: 0 } } });
    const { client, talk } = await stage.begin();
    const [source, reader] = from === 'client' ? [client, talk] : [talk, client];
    const before = reader.heard.length;
    reader.ws.pause();
    flood(source);
    await eventually('nothing is held', () => stage.gateway.snapshot().bufferedBytes > 0, 10_000);
    await still(() => stage.gateway.snapshot().bufferedBytes);
    const { bufferedBytes } = stage.gateway.snapshot();
    expect(bufferedBytes).toBeGreaterThan(0);
    expect(bufferedBytes).toBeLessThan(1_048_576);
    expect(source.ws.bufferedAmount).toBeGreaterThan(0);
    reader.ws.resume();
    await eventually('not all has come', () => reader.heard.length === before + frames, 20_000);
    expect(reader.heard.slice(before).every(({ text }) => text.length === frame.length)).toBe(true);
    expect(stage.gateway.snapshot().bufferedBytes).toBe(0);
  }, 30_000);

  test('ends when the reader has taken nothing for timeouts.slowReaderMs', async () => {
    const stage = await aStage({ options: { live: { pingMs: 0 } } });
    const { client, talk } = await stage.begin();
    const [source, reader] = from === 'client' ? [client, talk] : [talk, client];
    reader.ws.pause();
    flood(source);
    await still(() => stage.gateway.snapshot().bufferedBytes);
    await stage.clock.advance(59_999);
    expect(source.closed()).toBeNull();
    await stage.clock.advance(1);
    await eventually('the source does not know', () => source.closed() !== null, 5_000);
    expect(source.closed()?.code).toBe(from === 'client' ? 1011 : 1001);
    expect(await lastEnd(stage)).toMatchObject({ outcome: from === 'client' ? 'failed' : 'aborted' });
    reader.ws.terminate();
  }, 30_000);
});

test.each([
  ['still talks', false],
  ['has said good-bye', true],
])(
  'a client that does not read is no reason to be late when the gateway goes down: its provider %s',
  async (_what, hasGone) => {
    const stage = await aStage({ options: { live: { pingMs: 0 } } });
    const { client, talk } = await stage.begin();
    client.ws.pause();
    if (hasGone) {
      // One frame that fills all buffers of the system; the good-bye comes with its end.
      talk.ws.send(Buffer.alloc(14_000_000, 'x'));
      talk.ws.close(1000, 'done');
    } else flood(talk);
    await still(() => stage.gateway.snapshot().bufferedBytes);
    if (hasGone) await eventually('the provider is still there', () => talk.closed() !== null, 5_000);
    let isDown = false;
    void stage.gateway.drain({ withinMs: 5_000 }).then(() => {
      isDown = true;
    });
    await stage.clock.advance(5_000);
    await stage.clock.advance(1_000);
    await eventually('it is not down', () => isDown, 5_000);
    expect(await lastEnd(stage)).toMatchObject(
      hasGone ? { outcome: 'complete' } : { outcome: 'failed', error: 'draining' },
    );
  },
  30_000,
);

test('a flood before the provider has answered is held as well, and comes after the setup', async () => {
  const stage = await aStage({ script: { hears: () => {} } });
  const client = await stage.connect();
  client.ws.send(setup);
  flood(client);
  await eventually('no setup', () => stage.talks[0]?.heard.length === 1);
  await still(() => stage.gateway.snapshot().bufferedBytes);
  expect(stage.gateway.snapshot().bufferedBytes).toBeGreaterThan(1_000_000);
  expect(stage.gateway.snapshot().bufferedBytes).toBeLessThan(2_000_000);
  const [talk] = stage.talks;
  talk?.ws.send(setupComplete);
  await eventually('not all has come', () => talk?.heard.length === 1 + frames, 20_000);
  expect(talk?.texts()[0]).toBe(setup);
  expect(stage.gateway.snapshot().bufferedBytes).toBe(0);
}, 30_000);

describe('what is held', () => {
  test('counts with all that the gateway holds: who holds much when there is no room has to go', async () => {
    const stage = await aStage({ options: { live: { pingMs: 0 }, server: { maxBufferedBytes: 200_000 } } });
    const { client, talk } = await stage.begin();
    (talk.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(
      Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0x40, 0, 0]), Buffer.alloc(400_000)]),
    );
    await eventually('the client was told nothing', () => client.closed() !== null, 5_000);
    expect(client.closed()?.code).toBe(1013);
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'failed', error: 'overloaded' });
  });

  test('half a frame is known, and forgotten when it is whole', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    const socket = (client.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
    socket.write(Buffer.concat([Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.alloc(30_000)]));
    await eventually('nothing is known of it', () => stage.gateway.snapshot().bufferedBytes > 29_000);
    socket.write(Buffer.alloc(35_536));
    await eventually('it did not come', () => talk.heard.length === 2);
    await eventually('it is not forgotten', () => stage.gateway.snapshot().bufferedBytes === 0);
  });
});
