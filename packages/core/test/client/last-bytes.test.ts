import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { nodeListener } from '../../src/node.ts';
import type { Upstream } from '../../src/wire.ts';

const answer = '{"candidates":[{"content":{"parts":[{"text":"Yes."}]},"finishReason":"STOP"}]}';

/** The whole answer, and then the connection breaks instead of ending. */
const upstream: Upstream = {
  send(_request, sink) {
    sink.open({ pause() {}, resume() {}, abort() {} });
    sink.head(200, { 'content-type': 'application/json' });
    sink.write(Buffer.from(answer));
    sink.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  },
  async close() {},
};

test('an answer that is whole arrives whole, also where its end is as unclean as it came', async () => {
  const gateway = createGateway({ keys: 'canary-key-1', callers: 'anyone', upstream });
  const server = createServer(nodeListener(gateway));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const body = '{"contents":[]}';
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(
    'POST /v1beta/models/gemini-2.5-flash:generateContent HTTP/1.1\r\nhost: gateway.test\r\n' +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  let text = '';
  socket.on('data', (piece) => (text += piece.toString()));
  socket.on('error', () => {});
  await new Promise((resolve) => socket.on('close', resolve));
  server.close();
  expect(text).toContain(answer);
  // No last chunk: nobody takes the end for a clean one.
  expect(text).not.toContain('\r\n0\r\n');
});
