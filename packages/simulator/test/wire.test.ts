import { gunzipSync } from 'node:zlib';
import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, expect, test } from 'vitest';
import { calls } from './calls.ts';
import { headerOf, type RawAnswer, RawConnection, type RawRequest } from './raw-client.ts';

const simulator = await startSimulator({ answer: () => 'one <two> three' });
afterAll(() => simulator.close());

async function answerTo(request: RawRequest | string): Promise<RawAnswer> {
  const connection = new RawConnection(simulator.url);
  connection.send(request);
  const answer = await connection.answer();
  connection.leave();
  return answer;
}

test('SSE events are framed and spaced as Google does, with cumulative usage', async () => {
  const { headers, chunks } = await answerTo({
    ...calls.sse,
    headers: { ...calls.sse.headers, 'Accept-Encoding': 'gzip' },
  });
  expect(headerOf(headers, 'Content-Type')).toBe('text/event-stream');
  expect(headerOf(headers, 'Content-Disposition')).toBe('attachment');
  expect(headerOf(headers, 'Content-Encoding')).toBeNull();
  const [first, , last] = chunks.map(String);
  expect(chunks).toHaveLength(3);
  expect(first).toMatch(
    /^data: \{"candidates": \[\{"content": \{"parts": \[\{"text": "one"\}\],"role": "model"\},"index": 0\}\],"usageMetadata": \{"promptTokenCount": 6,"candidatesTokenCount": 1,"totalTokenCount": 7,.*\},"modelVersion": "gemini-2.5-flash","responseId": "[\w-]+"\}\r\n\r\n$/,
  );
  expect(chunks[1]?.toString()).toContain('" \\u003ctwo\\u003e"');
  expect(last).toContain('"finishReason": "STOP","index": 0}]');
  expect(last).toContain('"promptTokenCount": 6,"candidatesTokenCount": 5,"totalTokenCount": 11');
  const ids = chunks.map((chunk) => JSON.parse(chunk.toString().slice(6)).responseId);
  expect(new Set(ids).size).toBe(1);
});

test('without alt=sse a stream is one array, pretty-printed, that parses as a whole', async () => {
  const { headers, body, chunks } = await answerTo(calls.array);
  expect(headerOf(headers, 'Content-Type')).toBe('application/json; charset=UTF-8');
  expect(body.toString()).toMatch(/^\[\{\n {2}"candidates": \[\n[\s\S]*\n\}\n,\r\n\{\n[\s\S]*\}\n\]$/);
  expect(JSON.parse(body.toString())).toHaveLength(3);
  expect(chunks).toHaveLength(4);
});

test('JSON answers are compressed for those who accept gzip, and only for those', async () => {
  const packed = await answerTo({
    ...calls.whole,
    headers: { ...calls.whole.headers, 'Accept-Encoding': 'br, gzip;q=0.5' },
  });
  const plain = await answerTo({ ...calls.whole, headers: { ...calls.whole.headers, 'Accept-Encoding': 'gzip;q=0' } });
  expect(headerOf(packed.headers, 'Content-Encoding')).toBe('gzip');
  expect(headerOf(plain.headers, 'Content-Encoding')).toBeNull();
  const text = gunzipSync(packed.body).toString();
  expect(JSON.parse(text).candidates).toEqual(JSON.parse(plain.body.toString()).candidates);
  expect(text).toMatch(/^\{\n {2}"candidates": \[\n/);
});

test('chat streams end with [DONE] and bare line feeds', async () => {
  const { body, headers } = await answerTo(calls.chatStream);
  expect(headerOf(headers, 'Content-Type')).toBe('text/event-stream');
  const events = body.toString().split('\n\n');
  expect(events.slice(-2)).toEqual(['data: [DONE]', '']);
  expect(JSON.parse(events[0]?.slice(6) ?? '')).toMatchObject({
    object: 'chat.completion.chunk',
    choices: [{ delta: { role: 'assistant', content: 'one' }, index: 0 }],
  });
  expect(events.at(-3)).toContain('"finish_reason":"stop"');
});

test('snake_case bodies and every version segment are understood', async () => {
  const body = JSON.stringify({
    contents: [{ parts: [{ text: 'Call look_up.' }] }],
    tools: [
      {
        function_declarations: [
          { name: 'look_up', parameters: { type: 'OBJECT', properties: { id: { type: 'INTEGER' } } } },
        ],
      },
    ],
  });
  for (const version of ['v1', 'v1beta', 'v1alpha', 'v2']) {
    const target = `/${version}/models/gemini-2.5-flash:generateContent?key=${demoKey}`;
    const answer = await answerTo({ target, body });
    expect(JSON.parse(answer.body.toString()).candidates[0].content.parts).toEqual([
      { functionCall: { name: 'look_up', args: { id: 1 } } },
    ]);
  }
});

test('one connection carries many requests, and 100-continue is answered', async () => {
  const connection = new RawConnection(simulator.url);
  connection.send({ target: `/v1beta/models?key=${demoKey}` });
  expect((await connection.answer()).status).toBe(200);
  connection.reads.length = 0;
  connection.send('POST /v1/models/gemini-2.5-flash:countTokens HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n');
  connection.send(`x-goog-api-key: ${demoKey}\r\nContent-Length: 44\r\n\r\n`);
  await connection.until(() => connection.text !== '');
  expect(connection.text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  connection.reads.length = 0;
  connection.send('{"contents":[{"parts":[{"text":"Hi there"}]}]}'.slice(0, 44));
  expect((await connection.answer()).status).toBe(400);
  connection.leave();
});

test('bytes that are no request are answered and closed', async () => {
  const connection = new RawConnection(simulator.url);
  connection.send('nonsense\r\n\r\n');
  await connection.until(() => connection.ended === 'fin');
  expect(connection.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n/);
  connection.leave();
});

test('a client that asks for it gets its connection closed behind the answer', async () => {
  const connection = new RawConnection(simulator.url);
  connection.send({ target: `/v1beta/models?key=${demoKey}`, headers: { Connection: 'close' } });
  await connection.until(() => connection.ended === 'fin');
  expect((await connection.answer()).isWhole).toBe(true);
  connection.leave();
});

test('requests that come in one piece are answered in their order', async () => {
  const connection = new RawConnection(simulator.url);
  const page = (size: number) => `GET /v1/models?pageSize=${size}&key=${demoKey} HTTP/1.1\r\nHost: simulator\r\n\r\n`;
  connection.send(page(1) + page(2));
  await connection.until(() => (connection.text.match(/nextPageToken/g) ?? []).length === 2);
  expect(simulator.journal.requests.slice(-2).map(({ target }) => /\d+(?=&)/.exec(target)?.[0])).toEqual(['1', '2']);
  expect(connection.text.match(/"name"/g)).toHaveLength(3);
  connection.leave();
});
