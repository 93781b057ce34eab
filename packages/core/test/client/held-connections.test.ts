import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { eventually, type FakeClock, fakeClock } from '@sluice/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { answerUnread } from '../../src/client/node-answer.ts';
import { HeldBack } from '../../src/door/held-back.ts';

const open: (Server | Socket)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) {
    if ('closeAllConnections' in one) one.close().closeAllConnections();
    else one.destroy();
  }
});

describe('the connection of somebody who was turned away', () => {
  test.each([
    ['without a body', 'GET /held HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['with a body', `POST /held HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(1_000)}`],
  ])('is read again after a second, others at once: a request %s', async (_, request) => {
    const { port, clock, held, came } = await refusing();
    const [one, other] = await Promise.all([client(port), client(port)]);
    one.send(request);
    await eventually('it is refused', () => one.answers() === 1 && held.size === 1);
    for (let again = 1; again <= 3; again++) {
      one.send(request);
      // Sent later, and answered: by then the other would have been seen as well.
      for (let times = 1; times <= 5; times++) {
        other.send('GET /read HTTP/1.1\r\nhost: a\r\n\r\n');
        await eventually('others are answered', () => other.answers() === (again - 1) * 5 + times);
      }
      expect(came.filter((path) => path === '/held')).toHaveLength(again);
      await clock.advance(1_000);
      await eventually('it is read again', () => one.answers() === again + 1 && held.size === 1);
    }
  });

  test('is not held where it ends with the answer', async () => {
    const { port, held } = await refusing();
    const one = await client(port);
    one.send('GET /held HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    await eventually('it has ended', () => one.hasEnded());
    expect(held.size).toBe(0);
  });

  test('is read on at once when all are let go', async () => {
    const { port, held } = await refusing();
    const one = await client(port);
    one.send('GET /held HTTP/1.1\r\nhost: a\r\n\r\n');
    await eventually('it is refused', () => one.answers() === 1 && held.size === 1);
    one.send('GET /read HTTP/1.1\r\nhost: a\r\n\r\n');
    held.letGo();
    await eventually('it is answered', () => one.answers() === 2);
  });
});

interface Refusing {
  readonly port: number;
  readonly clock: FakeClock;
  readonly held: HeldBack;
  /** The paths of all requests that were read. */
  readonly came: readonly string[];
}

async function refusing(): Promise<Refusing> {
  const clock = fakeClock();
  const held = new HeldBack(clock);
  const came: string[] = [];
  const server = createServer((req, res) => {
    came.push(String(req.url));
    const holdBack = req.url === '/held' ? held.hold : null;
    answerUnread(req, res, { status: 503, headers: ['content-length', '2'], body: 'no', holdBack });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, clock, held, came };
}

interface Client {
  send(request: string): void;
  answers(): number;
  hasEnded(): boolean;
}

async function client(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  open.push(socket);
  let [text, hasEnded] = ['', false];
  socket.setEncoding('latin1');
  socket.on('data', (more: string) => {
    text += more;
  });
  socket.on('close', () => {
    hasEnded = true;
  });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return {
    send: (request) => void socket.write(request, 'latin1'),
    answers: () => text.split('HTTP/1.1 503').length - 1,
    hasEnded: () => hasEnded,
  };
}
