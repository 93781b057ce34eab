import { expect, test } from 'vitest';
import { readyBody } from '../../src/client/ready-body.ts';
import { type BodySource, declaredLength, StreamedBody } from '../../src/client/streamed-body.ts';

/** A body whose pieces a test pushes, and what was asked of its source. */
function bodyOf(declaredBytes: number | null): { body: StreamedBody; asked: string[] } {
  const asked: string[] = [];
  const source: BodySource = {
    pull: () => void asked.push('pull'),
    hold: () => void asked.push('hold'),
    stop: () => void asked.push('stop'),
  };
  return { body: new StreamedBody(declaredBytes, () => source), asked };
}

/** What a watcher is told. */
function watched(body: StreamedBody): string[] {
  const told: string[] = [];
  body.watch({
    wanted: () => void told.push('wanted'),
    came: () => void told.push('came'),
    sent: () => void told.push('sent'),
    broke: ({ message }) => void told.push(message),
  });
  return told;
}

const piece = (length: number) => new Uint8Array(length);

test('nothing is asked for before somebody takes, and one piece at a time after that', async () => {
  const { body, asked } = bodyOf(null);
  const told = watched(body);
  expect(asked).toEqual([]);
  const first = body.next();
  expect(asked).toEqual(['pull']);
  body.push(piece(3));
  expect(await first).toMatchObject({ done: false, value: piece(3) });
  body.push(piece(2));
  expect(asked).toEqual(['pull', 'hold']);
  expect(await body.next()).toMatchObject({ value: piece(2) });
  const last = body.next();
  body.finish();
  expect(await last).toEqual({ done: true, value: undefined });
  expect(asked).toEqual(['pull', 'hold', 'pull', 'stop']);
  expect(told).toEqual(['wanted', 'came', 'came', 'wanted', 'sent']);
  expect(body.takenBytes).toBe(5);
});

test('the piece that reaches the length waits until nothing follows it', async () => {
  const { body } = bodyOf(4);
  let isTaken = false;
  const first = body.next().then((result) => {
    isTaken = true;
    return result;
  });
  body.push(piece(4));
  await Promise.resolve();
  expect(isTaken).toBe(false);
  body.finish();
  expect(await first).toMatchObject({ value: piece(4) });
  expect(await body.next()).toMatchObject({ done: true });
});

test.each([
  ['more', 5, 'The request said that its body has 4 bytes, and more came.'],
  ['fewer', 3, 'The request said that its body has 4 bytes, and 3 came.'],
])('%s bytes than were told break it, and none of the last ones is handed out', async (_, bytes, message) => {
  const { body, asked } = bodyOf(4);
  const told = watched(body);
  const first = body.next();
  body.push(piece(bytes === 5 ? 4 : 3));
  if (bytes === 5) body.push(piece(1));
  else {
    await first;
    body.finish();
  }
  await expect(bytes === 5 ? first : body.next()).rejects.toThrow(message);
  expect(told).toContain(message);
  expect(asked).toContain('stop');
});

test('who leaves hears the reason, and the next one takes what has not come yet', async () => {
  const { body } = bodyOf(3);
  const told = watched(body);
  const left = body.next();
  body.leave(new Error('elsewhere'));
  await expect(left).rejects.toThrow('elsewhere');
  body.push(piece(3));
  body.finish();
  expect(told).toEqual(['wanted']);
  expect(await body.next()).toMatchObject({ value: piece(3) });
});

test('closed, it takes nothing in and gives nothing out', async () => {
  const { body, asked } = bodyOf(null);
  body.push(piece(3));
  body.close();
  body.close();
  body.push(piece(3));
  expect(await body.next()).toMatchObject({ done: true });
  expect(asked).toEqual(['hold', 'stop']);
  expect(body.takenBytes).toBe(3);
});

test('who watches late hears that it is broken', () => {
  const { body } = bodyOf(null);
  body.fail(new Error('the client hung up'));
  expect(watched(body)).toEqual(['the client hung up']);
});

test('bytes that are here already pass as one piece', async () => {
  expect(readyBody(piece(0))).toBeNull();
  const pieces: Uint8Array[] = [];
  for await (const one of readyBody(piece(7)) as AsyncIterable<Uint8Array>) pieces.push(one);
  expect(pieces).toEqual([piece(7)]);
});

test.each([
  ['0', 0],
  ['12', 12],
  ['-1', null],
  ['1e3', null],
  [['1', '1'], null],
  [undefined, null],
  [null, null],
])('the length %s', (value, bytes) => {
  expect(declaredLength(value)).toBe(bytes);
});
