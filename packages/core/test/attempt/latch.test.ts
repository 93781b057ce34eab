import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Latch } from '../../src/attempt/latch.ts';
import { type Flow, type HeaderBag, stillFlow } from '../../src/wire.ts';
import { recordingSink } from '../recording-sink.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('before the moment the client sees nothing', () => {
  test('and what is dropped was never there', () => {
    const { latch, client, releases } = latched();
    latch.write(bytes('a'));
    latch.drop();
    latch.write(bytes('b'));
    latch.release();
    latch.end();
    expect(client.told).toEqual([]);
    expect(releases()).toBe(0);
    expect(latch.held).toEqual([]);
    expect(latch.isOpen).toBe(false);
  });

  test('a failure is nothing to show either', () => {
    const { latch, client } = latched();
    latch.write(bytes('a'));
    latch.fail(new Error('broken'), bytes('last words'));
    latch.release();
    expect(client.told).toEqual([]);
  });

  test('what is held can be looked at', () => {
    const { latch } = latched();
    latch.write(bytes('a'));
    latch.write(bytes('b'));
    expect(Buffer.concat(latch.held).toString()).toBe('ab');
  });

  test('there is nothing to release before a head has come', () => {
    const client = recordingSink();
    const latch = new Latch(client, () => expect.unreachable('nothing was released'));
    latch.open(stillFlow);
    latch.write(bytes('a'));
    expect(latch.release()).toBe(true);
    expect(client.told).toEqual([]);
  });
});

describe('an answer that is whole before any of it is shown', () => {
  const ended = (headers: HeaderBag, chunks: readonly string[], uncleanly: Error | null = null): HeaderBag | null => {
    const { latch, client } = latched();
    latch.head(200, headers);
    for (const chunk of chunks) latch.write(bytes(chunk));
    latch.end(uncleanly);
    return client.headers;
  };

  test('says how long it is', () => {
    expect(ended({ a: '1' }, ['ab', 'ü'])).toEqual({ a: '1', 'content-length': '4' });
  });

  test('and says nothing of it where it has said so, has no body, or broke behind its last byte', () => {
    expect(ended({ 'content-length': '4' }, ['ab', 'ü'])).toEqual({ 'content-length': '4' });
    expect(ended({}, [])).toEqual({});
    expect(ended({}, ['ab'], new Error('reset'))).toEqual({});
  });

  test('and not where it goes on after it was shown', () => {
    const { latch, client } = latched();
    latch.write(bytes('a'));
    latch.release();
    latch.end();
    expect(client.headers).not.toHaveProperty('content-length');
  });
});

describe('from the moment on everything goes straight to the client', () => {
  test('what was held comes first, in order, after the head', () => {
    const { latch, client, releases } = latched();
    latch.write(bytes('a'));
    latch.write(bytes('b'));
    latch.release();
    latch.write(bytes('c'));
    latch.end();
    expect(client.told).toEqual(['open', 'head 200', 'a', 'b', 'c', 'end']);
    expect(releases()).toBe(1);
    expect(latch.held).toEqual([]);
  });

  test('and it comes once: a second release, or a drop, changes nothing', () => {
    const { latch, client, releases } = latched();
    latch.release();
    latch.release();
    latch.drop();
    latch.write(bytes('a'));
    expect(client.told).toEqual(['open', 'head 200', 'a']);
    expect(releases()).toBe(1);
    expect(latch.isOpen).toBe(true);
  });

  test('a failure goes out with its last words', () => {
    const { latch, client } = latched();
    latch.release();
    latch.fail(new Error('broken'), bytes('last'));
    expect(client.told).toEqual(['open', 'head 200', 'fail broken: last']);
  });

  test('a client that is full while it gets what was held is heard', () => {
    const { latch, client } = latched();
    latch.write(bytes('a'));
    client.hasRoom = false;
    expect(latch.release()).toBe(false);
    expect(latch.write(bytes('b'))).toBe(false);
  });

  test('the client holds and kills the source', () => {
    const told: string[] = [];
    const say = (word: string) => () => void told.push(word);
    const { latch, client } = latched({ pause: say('pause'), resume: say('resume'), abort: say('abort') });
    latch.release();
    client.flow?.pause();
    client.flow?.resume();
    client.flow?.abort(new Error('enough'));
    expect(told).toEqual(['pause', 'resume', 'abort']);
  });
});

test('an answer without a body is shown at its end', () => {
  const { latch, client } = latched();
  latch.end();
  expect(client.told).toEqual(['open', 'head 200', 'end']);
});

test('whatever happens in whatever order, the client sees a prefix of the answer or nothing, in the order of sinks', () => {
  const steps = fc.array(fc.constantFrom('write', 'release', 'drop', 'end', 'fail'), { maxLength: 12 });
  fc.assert(
    fc.property(steps, (order) => {
      const { latch, client } = latched();
      let written = 0;
      for (const step of order) {
        if (step === 'write') latch.write(bytes(String(written++ % 10)));
        else if (step === 'fail') latch.fail(new Error('x'));
        else latch[step]();
        if (step === 'end' || step === 'fail') break;
      }
      const told = client.told.join(' ');
      expect(told).toMatch(/^(?:open head 200(?: \d)*(?: end| fail x)?)?$/);
      const shown = client.told.filter((one) => /^\d$/.test(one));
      expect(shown).toEqual(shown.map((_, at) => String(at % 10)));
    }),
    { numRuns: 1_000 },
  );
});

describe('while it is halted', () => {
  test('the client sees nothing more, however often it asks, and then all of it in order', () => {
    const { latch, client } = latched();
    latch.write(bytes('a'));
    latch.release();
    latch.halt();
    expect(latch.write(bytes('b'))).toBe(false);
    expect(latch.write(bytes('c'))).toBe(false);
    expect(latch.heldBytes).toBe(2);
    latch.resume();
    latch.end();
    expect(client.told).toEqual(['open', 'head 200', 'a']);
    latch.goOn();
    expect(client.told).toEqual(['open', 'head 200', 'a', 'b', 'c', 'end']);
    expect(latch.heldBytes).toBe(0);
  });

  test('an error that is told stands behind all that came before it', () => {
    const { latch, client } = latched();
    latch.write(bytes('a'));
    latch.release();
    latch.halt();
    latch.write(bytes('b'));
    latch.fail(new Error('broken'), bytes('last words'));
    latch.goOn();
    expect(client.told.join(' ')).toMatch(/a b .*last words/);
  });

  test('and nothing has come, going on does nothing', () => {
    const { latch, client } = latched();
    latch.write(bytes('a'));
    latch.release();
    latch.halt();
    latch.goOn();
    expect(latch.write(bytes('b'))).toBe(true);
    expect(client.told).toEqual(['open', 'head 200', 'a', 'b']);
  });
});

function latched(flow: Flow = { ...stillFlow }) {
  const client = recordingSink();
  let releases = 0;
  const latch = new Latch(client, () => releases++);
  latch.open(flow);
  latch.head(200, {});
  return { latch, client, releases: () => releases };
}

describe('what the client has no room for', () => {
  test('waits here, counted, and goes out as it takes it; then it is told the end', () => {
    const { latch, client } = latched();
    for (const text of ['a', 'b', 'c']) latch.write(bytes(text));
    client.hasRoom = false;
    let isOut = false;
    expect(latch.release()).toBe(false);
    latch.end(null, () => {
      isOut = true;
    });
    expect([client.told, latch.heldBytes, isOut]).toEqual([['open', 'head 200', 'a'], 2, false]);
    client.flow?.resume();
    expect([client.told.slice(2), latch.heldBytes, isOut]).toEqual([['a', 'b'], 1, false]);
    client.flow?.resume();
    expect([client.told.slice(2), latch.heldBytes, isOut]).toEqual([['a', 'b', 'c', 'end'], 0, true]);
  });

  test('comes before what the source still gives, which is held meanwhile and goes on then', () => {
    const told: string[] = [];
    const source = { pause() {}, abort() {}, resume: () => void told.push('resumed') };
    const { latch, client } = latched(source);
    latch.write(bytes('a'));
    latch.write(bytes('b'));
    client.hasRoom = false;
    latch.release();
    expect(latch.write(bytes('c'))).toBe(false);
    client.flow?.resume();
    expect(told).toEqual([]);
    client.hasRoom = true;
    client.flow?.resume();
    expect([client.told.slice(2), told]).toEqual([['a', 'b', 'c'], ['resumed']]);
  });

  test('goes out before last words, and not at all where there are none', () => {
    const spoken = latched();
    const silent = latched();
    for (const { latch, client } of [spoken, silent]) {
      client.hasRoom = false;
      latch.write(bytes('a'));
      latch.write(bytes('b'));
      latch.release();
    }
    spoken.latch.fail(new Error('late'), bytes('words'));
    silent.latch.fail(new Error('late'));
    expect(spoken.client.told.slice(2)).toEqual(['a', 'b', 'fail late: words']);
    expect(silent.client.told.slice(2)).toEqual(['a', 'fail late']);
    expect([spoken.latch.heldBytes, silent.latch.heldBytes]).toEqual([0, 0]);
  });

  test('goes out whole before an end that is none', () => {
    const { latch, client } = latched();
    latch.write(bytes('a'));
    latch.write(bytes('b'));
    client.hasRoom = false;
    latch.end(new Error('broken behind its marker'));
    client.flow?.resume();
    expect(client.told.slice(2)).toEqual(['a', 'b', expect.stringMatching(/^fail broken behind its marker/)]);
  });

  test('is poured once, also by a client that asks for more while it is given something', () => {
    const { latch, client } = latched();
    for (let piece = 0; piece < 50; piece++) latch.write(bytes(`${piece}`));
    const write = client.write.bind(client);
    client.write = (chunk) => {
      write(chunk);
      client.flow?.resume();
      return false;
    };
    latch.end();
    expect(client.told.slice(2)).toEqual([...Array.from({ length: 50 }, (_, piece) => `${piece}`), 'end']);
  });
});
