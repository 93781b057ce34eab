import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { eventually } from '@sluice/testkit';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Closing } from '../../src/channel.ts';
import { WsChannel } from '../../src/live/ws-channel.ts';

/** A `WebSocket` that does nothing, over a socket that takes `roomBytes` before it is full. */
function aChannel(roomBytes = 10) {
  const ws = Object.assign(new EventEmitter(), {
    readyState: WebSocket.OPEN,
    protocol: '',
    pause: vi.fn(),
    resume: vi.fn(),
    terminate: vi.fn(),
    ping: vi.fn(),
    close: vi.fn(),
    send: (data: Uint8Array) => socket.write(data),
  });
  const written: (() => void)[] = [];
  const socket = new Duplex({
    writableHighWaterMark: roomBytes,
    read() {},
    write: (_chunk, _encoding, done) => void written.push(done),
  });
  const channel = new WsChannel(ws as unknown as WebSocket, socket, 'client');
  const closings: Closing[] = [];
  let heldBytes = 0;
  let rooms = 0;
  channel.listen({
    frame() {},
    room: () => rooms++,
    held: (delta) => {
      heldBytes += delta;
    },
    closed: (closing) => closings.push(closing),
  });
  const leave = (): void => written.shift()?.();
  return { ws, socket, channel, closings, leave, held: () => heldBytes, rooms: () => rooms };
}

const frame = { data: Buffer.alloc(100), isText: false };

describe('a channel over ws', () => {
  test('says its good-bye when all that was said before has left', async () => {
    const { ws, leave, channel, rooms } = aChannel();
    expect(channel.send(frame)).toBe(false);
    channel.close(1000, 'done');
    channel.close(1001, 'again');
    expect(ws.close).not.toHaveBeenCalled();
    leave();
    await eventually('no good-bye', () => ws.close.mock.calls.length > 0);
    expect(ws.close.mock.calls).toEqual([[1000, 'done']]);
    expect(rooms()).toBe(1);
  });

  test.each([1005, 1006, 1015, 999, 2999, 5000])('never sends the code %i', (code) => {
    const { ws, channel } = aChannel();
    channel.close(code, 'x');
    expect(ws.close.mock.calls).toEqual([[]]);
  });

  test('tells its end once, and holds nothing after it', () => {
    const { ws, channel, closings, held } = aChannel();
    channel.send(frame);
    expect(held()).toBe(100);
    ws.emit('error', Object.assign(new Error('x'), { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }));
    ws.emit('close', 1006, Buffer.alloc(0));
    expect(closings).toEqual([{ code: 1009, reason: '', isBroken: true }]);
    expect(held()).toBe(0);
    expect(channel.send(frame)).toBe(true);
  });

  test.each([
    ['WS_ERR_INVALID_UTF8', 1007, true],
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008, true],
    ['WS_ERR_UNEXPECTED_MASK', 1002, true],
    ['ECONNRESET', 1006, false],
    ['EPIPE', 1006, false],
  ])('knows what %s stands for', (code, expected, isBroken) => {
    const { ws, closings } = aChannel();
    ws.emit('error', Object.assign(new Error('x'), { code }));
    expect(closings).toEqual([{ code: expected, reason: '', isBroken }]);
  });

  test('reads nothing before somebody listens, and nothing is lost by pings', () => {
    const { ws, socket, held, channel } = aChannel(1_000_000);
    expect(ws.pause).toHaveBeenCalledTimes(1);
    expect(ws.resume).toHaveBeenCalledTimes(1);
    socket.emit('data', Buffer.alloc(50));
    expect([held(), channel.bytesRead]).toEqual([50, 50]);
    for (let at = 0; at < 5; at++) ws.emit('ping', Buffer.alloc(4));
    socket.emit('data', Buffer.alloc(0));
    expect(held()).toBe(0);
  });
});
