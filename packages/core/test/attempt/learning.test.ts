import { createGateway, type Store, type Upstream } from '@sluice/core';
import { read } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { Errand } from '../../src/attempt/errand.ts';
import { Learning } from '../../src/attempt/learning.ts';
import { systemClock } from '../../src/clock.ts';
import { memoryStore } from '../../src/store/memory.ts';

describe('what waits for what is being written down', () => {
  test('goes at once where nothing is', () => {
    const learning = new Learning(
      errandThat(async () => {}),
      'one',
    );
    expect(learning.whenDone(() => false)).toBe(false);
  });

  test('goes when all of it is, also what came while it waited', async () => {
    const written: (() => void)[] = [];
    const learning = new Learning(
      errandThat(() => new Promise<void>((resolve) => written.push(resolve))),
      'one',
    );
    learning.learn({ id: 'a' });
    let goes = 0;
    expect(learning.whenDone(() => ++goes > 0)).toBe(true);
    learning.learn({ id: 'b' });
    written[0]?.();
    await turn();
    expect(goes).toBe(0);
    written[1]?.();
    await turn();
    expect(goes).toBe(1);
    expect(learning.whenDone(() => false)).toBe(false);
  });
});

describe('a beginning that waits to be shown', () => {
  test('is shown when its names are written down, once', async () => {
    const written: (() => void)[] = [];
    const learning = new Learning(
      errandThat(() => new Promise<void>((resolve) => written.push(resolve))),
      'one',
    );
    learning.learn({ id: 'a' });
    let shows = 0;
    expect(learning.show(() => ++shows < 0)).toBe(true);
    expect(shows).toBe(0);
    written[0]?.();
    await turn();
    expect(shows).toBe(1);
    learning.hurry();
    expect(shows).toBe(1);
  });

  test('is shown at once when an error is about to follow, and not again', async () => {
    const written: (() => void)[] = [];
    const learning = new Learning(
      errandThat(() => new Promise<void>((resolve) => written.push(resolve))),
      'one',
    );
    learning.hurry();
    learning.learn({ id: 'a' });
    let shows = 0;
    learning.show(() => ++shows > 0);
    learning.hurry();
    expect(shows).toBe(1);
    written[0]?.();
    await turn();
    expect(shows).toBe(1);
  });

  test('tells at once whether the client is full, where nothing has to be written down', () => {
    const learning = new Learning(
      errandThat(async () => {}),
      'one',
    );
    expect(learning.show(() => false)).toBe(false);
  });
});

describe('an id can be used as soon as it is seen', () => {
  const id = 'v1_abc';
  const head = { id, status: 'in_progress' };
  const first = `data: ${JSON.stringify({ interaction: head, event_type: 'interaction.created' })}\n\n`;
  const last = `data: ${JSON.stringify({ interaction: { id, status: 'completed' }, event_type: 'interaction.completed' })}\n\n`;

  test.each([
    ['of a stream', 'text/event-stream', [first, last]],
    ['of a whole answer', 'application/json', [JSON.stringify({ id, status: 'completed' })]],
  ])('%s, however slowly the store writes', async (_, type, pieces) => {
    const owned: string[] = [];
    const { store, write } = slowStore(owned);
    const gateway = createGateway({ keys: 'k', callers: 'anyone', upstream: scripted(type, pieces), store });
    let isSeen = false;
    const answered = gateway
      .fetch('/v1/interactions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"model":"m","input":"Hi"}',
      })
      .then((response) => {
        isSeen = true;
        return read(response);
      });
    for (let round = 0; round < 5; round++) await turn();
    expect(isSeen).toBe(false);
    write();
    expect((await answered).text).toBe(pieces.join(''));
    expect(owned.some((name) => name.endsWith(`interactions/${id}`))).toBe(true);
    await gateway.close();
  });
});

describe('a file that is left in the middle of a stream', () => {
  const events = [
    { text: 'Here it ' },
    { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/left', mimeType: 'image/png' } },
    { text: 'is.' },
  ].map((part, at) => {
    const candidate = { content: { role: 'model', parts: [part] }, ...(at === 2 ? { finishReason: 'STOP' } : {}) };
    return `data: ${JSON.stringify({ candidates: [candidate] })}\r\n\r\n`;
  });

  test('is seen when it is written down, and what comes before it at once', async () => {
    const owned: string[] = [];
    const { store, write } = slowStore(owned);
    const gateway = createGateway({
      keys: 'k',
      callers: 'anyone',
      upstream: scripted('text/event-stream', events),
      store,
    });
    const response = await gateway.fetch('/v1beta/models/m:streamGenerateContent?alt=sse', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"contents":[]}',
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const seen: string[] = [];
    const reading = (async () => {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        seen.push(Buffer.from(piece.value).toString());
      }
    })();
    for (let round = 0; round < 5; round++) await turn();
    expect(seen.join('')).toBe(events[0]);
    write();
    await reading;
    expect(seen.join('')).toBe(events.join(''));
    expect(owned.some((name) => name.endsWith('files/left'))).toBe(true);
    await gateway.close();
  });
});

function errandThat(learn: Errand['learn']): Errand {
  return { learn } as Errand;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Writes nothing down who owns what until it is let. */
function slowStore(owned: string[]): { store: Store; write: () => void } {
  let write = (): void => {};
  const isLet = new Promise<void>((resolve) => (write = resolve));
  const inner = memoryStore(systemClock);
  const own: Store['own'] = async (rows) => {
    await isLet;
    owned.push(...rows.map(({ name }) => name));
    return inner.own(rows);
  };
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === 'own') return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { store, write };
}

function scripted(type: string, pieces: readonly string[]): Upstream {
  return {
    send(_request, sink) {
      sink.open({ pause() {}, resume() {}, abort() {} });
      sink.head(200, { 'content-type': type });
      for (const piece of pieces) sink.write(Buffer.from(piece));
      sink.end();
    },
    close: async () => {},
  };
}
