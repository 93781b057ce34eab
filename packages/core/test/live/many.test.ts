import { connect, type Socket } from 'node:net';
import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Door, model, nothingIsLeft, openDoors } from './a-door.ts';
import { aStage, callerKey, path } from './a-talk.ts';

const most = 300;
const projects = ['one', 'two', 'three'].map((id) => ({ id, keys: [`canary-${id}-1`] }));
const callers = [{ id: 'alice', key: callerKey }];
const setup = JSON.stringify({ setup: { model: `models/${model}` } });

interface Guest {
  readonly ws: WebSocket;
  readonly heard: string[];
  readonly code: () => number | null;
}

function guest(port: number): Promise<Guest> {
  const heard: string[] = [];
  let code: number | null = null;
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}?key=${callerKey}`, { perMessageDeflate: false });
  ws.on('open', () => ws.send(setup));
  ws.on('close', (why) => {
    code = why;
  });
  return new Promise((resolve, reject) => {
    ws.once('error', reject);
    ws.once('message', () => resolve({ ws, heard, code: () => code }));
    ws.on('message', (data) => heard.push(data.toString()));
  });
}

function say({ ws }: Guest, text: string): void {
  const turns = [{ role: 'user', parts: [{ text }] }];
  ws.send(JSON.stringify({ clientContent: { turns, turnComplete: true } }));
}

const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

describe(`${most} sessions at once`, () => {
  test('each hear their own, over all projects, and nothing is left of them, however they end', async () => {
    const { simulator, doors, clock } = await openDoors(1, { projects, callers });
    const [{ gateway, port, ends }] = doors as [Door];
    const before = { sockets: sockets(), timers: clock.pending };
    const guests: Guest[] = [];
    // Not all in one turn of the loop: a backlog of the system's is none of ours.
    for (let at = 0; at < most; at += 50)
      guests.push(...(await Promise.all(Array.from({ length: 50 }, () => guest(port)))));
    expect(gateway.snapshot()).toMatchObject({ open: most, streams: most });
    const shares = gateway.snapshot().pools[0]?.projects.map(({ inFlight }) => inFlight);
    expect(shares).toEqual([100, 100, 100]);

    for (const [at, one] of guests.entries()) say(one, `word-of-${at}-alone`);
    const isAnswered = ({ heard }: Guest, at: number): boolean =>
      heard.some((text) => text.includes(`word-of-${at}-alone`)) && heard.some((text) => text.includes('turnComplete'));
    await eventually('not all were answered', () => guests.every(isAnswered), 20_000);
    for (const [at, { heard }] of guests.entries()) {
      const words = heard.join('').match(/word-of-\d+-alone/g) ?? [];
      expect(new Set(words)).toEqual(new Set([`word-of-${at}-alone`]));
    }

    for (const [at, { ws }] of guests.entries()) {
      if (at % 3 === 0) ws.close(1000);
      if (at % 3 === 1) ws.terminate();
    }
    await eventually('two thirds are not over', () => ends.length === (most / 3) * 2, 20_000);
    const drained = gateway.drain({ withinMs: 1_000 });
    await clock.advance(1_000);
    await drained;
    await eventually('not all were told', () => guests.every(({ code }) => code() !== null), 20_000);
    expect(guests.filter((_, at) => at % 3 === 2).map(({ code }) => code())).toEqual(Array(most / 3).fill(1001));
    const outcomes = (['complete', 'aborted', 'failed'] as const).map((how) =>
      ends.filter((end) => end.outcome === how),
    );
    expect(outcomes.map(({ length }) => length)).toEqual([100, 100, 100]);

    await nothingIsLeft(gateway);
    await eventually('the provider still talks', () => simulator.journal.running === 0, 5_000);
    await eventually('sockets are left', () => sockets() <= before.sockets, 5_000);
    expect(clock.pending).toBe(before.timers);
  }, 60_000);

  test('no more than its projects may have: the others are told to come again', async () => {
    const [limits, options] = [{ maxInFlight: 3 }, { queue: { maxWaitMs: 0 } }];
    const { simulator, doors } = await openDoors(1, { projects, limits, callers, options });
    const [{ gateway, port }] = doors as [Door];
    const codes: (number | null)[] = [];
    const guests = Array.from({ length: 20 }, () => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}${path}?key=${callerKey}`);
      const come = new Promise<void>((resolve) => {
        ws.on('open', () => ws.send(setup));
        ws.once('message', () => resolve());
        ws.once('close', (code) => {
          codes.push(code);
          resolve();
        });
      });
      return { ws, come };
    });
    await Promise.all(guests.map(({ come }) => come));
    expect(codes).toEqual(Array(11).fill(1013));
    expect(simulator.journal.conversations).toHaveLength(9);
    for (const { ws } of guests) ws.close();
    await nothingIsLeft(gateway);
  }, 20_000);
});

describe('a flood', () => {
  test('of pings by somebody who reads no answer ends its own session, and nothing piles up', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    const socket = await raw(stage.port);
    await eventually('it has not begun', () => stage.talks.length === 2);
    socket.pause();
    // 125 bytes each, masked with zeros; the answers are as long.
    const ping = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125, 'x')]);
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
    let highest = 0;
    // More than the buffers of the system hold both ways.
    for (let times = 0; times < 500 && stage.ends.length === 0; times++) {
      if (socket.writableLength === 0) socket.write(pings);
      await new Promise((resolve) => setImmediate(resolve));
      highest = Math.max(highest, stage.gateway.snapshot().bufferedBytes);
    }
    await eventually('it goes on', () => stage.ends.length === 1, 5_000);
    expect(highest).toBeLessThan(1_000_000);
    talk.ws.send('still there');
    await eventually('the other talk is over', () => client.heard.length === 2);
    socket.destroy();
  }, 20_000);
});

/** A session whose frames are written by hand. */
async function raw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const lines = [
    `GET ${path}?key=${callerKey} HTTP/1.1`,
    'host: a',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const data = Buffer.from(setup);
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | data.length, 0, 0, 0, 0]), data]));
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}
