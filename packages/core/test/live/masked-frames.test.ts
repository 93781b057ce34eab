import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { eventually } from '@sluice/testkit';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { writeMasked } from '../../src/live/masked-frames.ts';

let server: Server | null = null;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

/** A connection, and both sides of what goes over it: as bytes, or to a server of `ws`. */
async function aConnection(): Promise<{ client: Socket; far: Socket }> {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  sockets.push(client, far);
  return { client, far };
}

/** What a server of `ws` hears over a connection: it refuses what is not masked, or not as long as it says. */
async function heardBy(client: Socket, far: Socket): Promise<{ data: Buffer; isBinary: boolean }[]> {
  const heard: { data: Buffer; isBinary: boolean }[] = [];
  const [head] = await Promise.all([once(far, 'data'), client.write(upgrade)]);
  const door = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });
  const headers = { upgrade: 'websocket', 'sec-websocket-key': key, 'sec-websocket-version': '13' };
  expect(String(head)).toBe(upgrade);
  door.handleUpgrade({ method: 'GET', headers } as never, far, Buffer.alloc(0), (ws) => {
    ws.on('message', (data, isBinary) => heard.push({ data: data as Buffer, isBinary }));
    ws.on('error', (error) => heard.push({ data: Buffer.from(String(error)), isBinary: true }));
  });
  return heard;
}

const key = Buffer.alloc(16).toString('base64');
const upgrade = 'knock';

const lengths = [0, 1, 2, 3, 4, 5, 125, 126, 127, 4_096, 65_535, 65_536, 70_001];

test.each([0, 1, 2, 3])(
  'a frame of any length comes as it was, wherever it lies in memory (%i bytes off)',
  async (off) => {
    const { client, far } = await aConnection();
    const heard = await heardBy(client, far);
    const frames = [...lengths, ...lengths.toReversed()].map((length) => {
      const data = new Uint8Array(new ArrayBuffer(length + off), off);
      for (let at = 0; at < length; at++) data[at] = (at * 31 + length) % 128;
      return { data, isText: length % 2 === 0 };
    });
    const before = frames.map(({ data }) => Buffer.from(data));
    for (const frame of frames) writeMasked(client, frame);
    await eventually('not all frames have come', () => heard.length === frames.length);
    for (const [at, { data, isText }] of frames.entries()) {
      expect(heard[at]?.isBinary).toBe(!isText);
      expect(heard[at]?.data.equals(before[at] as Buffer)).toBe(true);
      // A frame that is sent again to another provider has to be what it was.
      expect(before[at]?.equals(data)).toBe(true);
    }
  },
);

test('a server that reads nothing for a while gets all that was said meanwhile', async () => {
  const { client, far } = await aConnection();
  const heard = await heardBy(client, far);
  far.pause();
  const sent: string[] = [];
  for (let number = 0; number < 2_000; number++) {
    const data = Buffer.alloc(8_192, number % 256);
    data.writeUInt32BE(number);
    sent.push(digest(data));
    writeMasked(client, { data, isText: false });
  }
  expect(client.writableLength).toBeGreaterThan(0);
  far.resume();
  await eventually('not all frames have come', () => heard.length === sent.length);
  expect(heard.map(({ data }) => digest(data))).toEqual(sent);
});

test('nobody can foresee a mask, and none is used twice', async () => {
  const { client, far } = await aConnection();
  const pieces: Buffer[] = [];
  far.on('data', (piece: Buffer) => pieces.push(piece));
  const frames = 3_000;
  for (let number = 0; number < frames; number++) writeMasked(client, { data: new Uint8Array(4), isText: false });
  const whole = (): Buffer => Buffer.concat(pieces);
  await eventually('not all frames have come', () => whole().length === frames * 10);
  const bytes = whole();
  const masks = new Set(Array.from({ length: frames }, (_, at) => bytes.readUInt32BE(at * 10 + 2)));
  // Among 3,000 of four thousand million, two are the same once in a thousand runs.
  expect(masks.size).toBeGreaterThanOrEqual(frames - 2);
});

function digest(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
