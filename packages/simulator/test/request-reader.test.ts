import { expect, test } from 'vitest';
import { type ReadRequest, RequestReader, UnreadableRequest } from '../src/wire/request-reader.ts';

const sized = 'POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nx-two:  2 \r\nContent-Length: 11\r\n\r\nhello\r\nyou!';
const chunked =
  'POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;note=1\r\n and more!\r\n0\r\nTrailer: yes\r\n\r\n';
const bare = 'GET /c HTTP/1.1\r\nHost: x\r\n\r\n';

function readAll(reader: RequestReader, pieces: readonly string[]): ReadRequest[] {
  const requests: ReadRequest[] = [];
  for (const piece of pieces) {
    reader.push(Buffer.from(piece, 'latin1'));
    for (let request = reader.take(); request !== null; request = reader.take()) requests.push(request);
  }
  return requests;
}

test('requests are the same wherever their bytes are cut', () => {
  const all = sized + chunked + bare;
  const [first, second, third] = readAll(new RequestReader(), [all]);
  expect(first).toMatchObject({ method: 'POST', target: '/a?b=c', headers: { 'x-two': '1, 2', host: 'x' } });
  expect(first?.rawHeaders).toContainEqual(['X-Two', '1']);
  expect(first?.body.toString()).toBe('hello\r\nyou!');
  expect(second?.body.toString()).toBe('hello and more!');
  expect(third?.body).toHaveLength(0);
  for (let at = 1; at < all.length; at += 1) {
    expect(readAll(new RequestReader(), [all.slice(0, at), all.slice(at)])).toEqual([first, second, third]);
  }
  expect(readAll(new RequestReader(), all.split(''))).toEqual([first, second, third]);
});

test('a request waits until the one before it was taken', () => {
  const reader = new RequestReader();
  reader.push(Buffer.from(bare + sized));
  expect(reader.take()?.target).toBe('/c');
  expect(reader.take()?.target).toBe('/a?b=c');
  expect(reader.take()).toBeNull();
});

test('an expectation is reported once, and not when the body came with it', () => {
  const head = 'POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
  const reader = new RequestReader();
  reader.push(Buffer.from(head));
  expect([reader.takeExpectation(), reader.takeExpectation()]).toEqual([true, false]);
  const eager = new RequestReader();
  eager.push(Buffer.from(`${head}ok`));
  expect(eager.takeExpectation()).toBe(false);
});

test.each([
  ['no request line', 'hello\r\n\r\n', 400],
  ['another version', 'GET / HTTP/2.0\r\n\r\n', 505],
  ['a header without a colon', 'GET / HTTP/1.1\r\nnothing\r\n\r\n', 400],
  ['a header name with a space', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
  ['a folded header', 'GET / HTTP/1.1\r\nA: 1\r\n b\r\n\r\n', 400],
  ['two framings', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
  ['two lengths', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
  ['a negative length', 'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', 400],
  ['a length beyond the limit', 'POST / HTTP/1.1\r\nContent-Length: 268435457\r\n\r\n', 413],
  ['another coding', 'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501],
  ['a chunk without a size', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 400],
  ['a chunk longer than it said', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n', 400],
  ['a chunk line without end', `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(2000)}`, 400],
  ['a head without end', `GET / HTTP/1.1\r\nA: ${'a'.repeat(70_000)}`, 431],
  ['too much behind a request', `${bare}${'x'.repeat(1_100_000)}`, 400],
])('%s is refused with %3$s', (_, bytes, status) => {
  const push = () => new RequestReader().push(Buffer.from(bytes));
  expect(push).toThrow(UnreadableRequest);
  expect(push).toThrow(expect.objectContaining({ status }));
});
