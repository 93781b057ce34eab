import { goldenDir, goldenExchanges } from '@sluice/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Grammar } from '../../src/dialect/dialect.ts';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { openaiChat } from '../../src/dialect/openai-chat/dialect.ts';
import { Scan } from '../../src/stream/scan.ts';

describe('any cutting of the same bytes leads to the same state', () => {
  test('for every framing, line ending and oddity that was made up', () => {
    fc.assert(
      fc.property(body(), fc.array(fc.nat(4_000)), (bytes, cuts) => {
        expect(stateOf(fedInPieces(bytes, cuts))).toEqual(stateOf(fed(bytes)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('down to single bytes', () => {
    fc.assert(
      fc.property(body(), (bytes) => {
        expect(stateOf(fedByteByByte(bytes))).toEqual(stateOf(fed(bytes)));
      }),
      { numRuns: 300 },
    );
  });

  test('also when the bytes are no answer at all', () => {
    const noise = fc.string({
      unit: fc.constantFrom(...'{}[]":,\\ \r\ndata:0e', '"error":', '"parts":'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(noise, (text) => {
        expect(stateOf(fedByteByByte(Buffer.from(text)))).toEqual(stateOf(fed(text)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('and the held place never goes back before what was already free to pass', () => {
    fc.assert(
      fc.property(body(), (bytes) => {
        const scan = new Scan(gemini.grammar);
        let free = 0;
        for (const byte of bytes) {
          scan.feed(Uint8Array.of(byte));
          expect(scan.heldFrom).toBeGreaterThanOrEqual(free);
          free = scan.heldFrom;
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a finish reason counts where it stands, and nowhere else', () => {
  const finished = { hasMeaning: true, isFinished: true };
  test.each([
    ['as a value', '{"candidates":[{"finishReason":"STOP"}]}'],
    ['with blanks around it', '{ "candidates" : [ { "finishReason" : "STOP" } ] }'],
    ['after the content', '{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"MAX_TOKENS"}]}'],
    ['before the content', '{"candidates":[{"finishReason":"SAFETY","content":{"parts":[{"text":"a"}]}}]}'],
    ['as a number, when the client asked for enums as numbers', '{"candidates":[{"finishReason":1}]}'],
    ['as a number of two digits', '{"candidates":[{"finishReason":10}]}'],
    ['in the second candidate', '{"candidates":[{"index":0},{"finishReason":"STOP"}]}'],
    ['with a value that nobody knows yet', '{"candidates":[{"finishReason":"TIRED_OF_TALKING"}]}'],
    ['without any content', '{"candidates":[{"finishReason":"RECITATION","index":0}]}'],
    ['as the reason of a block', '{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}'],
    [
      'as the reason of a block, behind other feedback',
      '{"promptFeedback":{"safetyRatings":[{"a":1}],"blockReason":"OTHER"}}',
    ],
    ['as the number of a block', '{"promptFeedback":{"blockReason":4}}'],
  ])('%s', (_, json) => {
    expect(fed(json)).toMatchObject(finished);
    expect(fed(`data: ${json}\r\n\r\n`)).toMatchObject(finished);
    expect(fed(`[${json}\n]`)).toMatchObject(finished);
  });

  test.each([
    ['null', '{"candidates":[{"finishReason":null}]}'],
    ['the empty text', '{"candidates":[{"finishReason":""}]}'],
    ['the name of "not set"', '{"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}'],
    ['the number of "not set"', '{"candidates":[{"finishReason":0}]}'],
    ['an object', '{"candidates":[{"finishReason":{"a":"STOP"}}]}'],
    ['a list', '{"candidates":[{"finishReason":["STOP"]}]}'],
    ['a truth', '{"candidates":[{"finishReason":true}]}'],
    ['the value of another key that follows an empty one', '{"candidates":[{"finishReason":null,"a":"STOP"}]}'],
    ['a key at the root', '{"finishReason":"STOP"}'],
    ['a key in the content', '{"candidates":[{"content":{"finishReason":"STOP"}}]}'],
    ['a key of another list', '{"candidate":[{"finishReason":"STOP"}]}'],
    ['an unset reason of a block', '{"promptFeedback":{"blockReason":"BLOCKED_REASON_UNSPECIFIED"}}'],
    ['a block reason elsewhere', '{"blockReason":"SAFETY","other":{"blockReason":"SAFETY"}}'],
    ['text that the model wrote', textPart('"finishReason": "STOP"')],
    ['text with half an object in it', textPart('}]}}]},{"candidates":[{"finishReason":"STOP"}]}')],
    ['text that ends with a backslash', textPart('\\"finishReason":"STOP"\\')],
    ['text in other letters', textPart('„finishReason“: "STOP" 😀')],
  ])('%s does not count', (_, json) => {
    expect(fed(json).isFinished).toBe(false);
    expect(fedByteByByte(Buffer.from(`data: ${json}\r\n\r\n`)).isFinished).toBe(false);
  });

  test('arguments of a tool call may hold a whole answer', () => {
    const args = { candidates: [{ finishReason: 'STOP', content: { parts: [{ text: 'a' }] } }], finishReason: 'STOP' };
    const json = JSON.stringify({ candidates: [{ content: { parts: [{ functionCall: { name: 'f', args } }] } }] });
    expect(fed(json)).toMatchObject({ hasMeaning: true, isFinished: false, isBetweenEvents: true });
  });

  test('backslashes and quotes in any number neither hide the end of a text nor make one', () => {
    const odd = fc.string({ unit: fc.constantFrom('\\', '"', 'a', '{', '}', '"finishReason":"STOP"'), maxLength: 12 });
    fc.assert(
      fc.property(odd, fc.nat(200), (text, cut) => {
        const open = textPart(text);
        const closed = open.replace(/\}\]\}$/, ',"finishReason":"STOP"}]}');
        expect(fedInPieces(Buffer.from(open), [cut])).toMatchObject({ isFinished: false, isBetweenEvents: true });
        expect(fedInPieces(Buffer.from(closed), [cut])).toMatchObject({ isFinished: true, isBetweenEvents: true });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('an answer means something from its first part on', () => {
  test.each([
    ['no candidates', '{"candidates":[]}', false],
    ['a candidate without content', '{"candidates":[{"index":0}]}', false],
    ['content without parts', '{"candidates":[{"content":{"role":"model"}}]}', false],
    ['no parts', '{"candidates":[{"content":{"parts":[],"role":"model"}}]}', false],
    ['usage alone', '{"usageMetadata":{"promptTokenCount":3}}', false],
    ['an empty text', '{"candidates":[{"content":{"parts":[{"text":""}]}}]}', true],
    ['a thought', '{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}]}', true],
    ['an empty part', '{"candidates":[{"content":{"parts":[{}]}}]}', true],
    ['parts elsewhere', '{"candidates":[{"grounding":{"parts":[{"text":"a"}]}}],"content":{"parts":[{}]}}', false],
  ])('%s: %#', (_, json, hasMeaning) => {
    expect(fed(`data: ${json}\r\n\r\n`)).toMatchObject({ hasMeaning, documents: 1 });
  });

  test('the part counts as soon as it begins, not when its event is over', () => {
    const scan = fed('data: {"candidates":[{"content":{"parts":[{"te');
    expect(scan).toMatchObject({ hasMeaning: true, isBetweenEvents: false });
  });
});

describe('an error object is held back', () => {
  const error = '{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}';
  const event = `data: ${textPart('a')}\r\n\r\n`;
  test.each([
    ['raw, alone', '', error],
    ['raw, pretty-printed', '', JSON.stringify(JSON.parse(error), null, 2)],
    ['raw, after an event', event, JSON.stringify(JSON.parse(error), null, 2)],
    ['as an event', event, `data: ${error}\r\n\r\n`],
    ['as an event without a blank after the colon', event, `data:${error}\n\n`],
    ['as an event whose value is a list', event, `data: [${error}]\n\n`],
    ['as an event before the end mark of another API', event, `data: ${error}\n\ndata: [DONE]\n\n`],
    ['as an event before one more event', event, `data: ${error}\n\n${event}`],
    ['as an event before a comment', event, `data: ${error}\n\n: ping\n\n`],
    ['as an element of an array', `[${textPart('a')}\n,\r\n`, `${error}\n]`],
    ['as the only element of an array', '[', `${error}]`],
    ['as an element before another one', '[', `${error},${textPart('a')}]`],
    ['over several data lines', event, 'data: {"error":\ndata: {"code":503}}\n\n'],
  ])('%s', (_, before, after) => {
    const bytes = Buffer.from(before + after);
    for (const scan of [fed(bytes), fedByteByByte(bytes)]) {
      expect(scan.isError).toBe(true);
      expect(scan.isBetweenEvents).toBe(true);
      expect(scan.heldFrom).toBe(before.length);
    }
  });

  test.each([
    ['a key behind others', '{"candidates":[],"error":{"code":503}}'],
    ['a key further inside', '{"candidates":[{"error":{"code":1}}]}'],
    ['text that the model wrote', textPart('{"error":{"code":503}}')],
    ['an empty object', '{}'],
    ['the end mark of another API', '[DONE]'],
  ])('%s is none', (_, json) => {
    const scan = fed(`data: ${json}\r\n\r\n`);
    expect(scan).toMatchObject({ isError: false, isBetweenEvents: true });
    expect(scan.heldFrom).toBe(scan.position);
  });

  test('what may still become an error is held until its first key is known', () => {
    const scan = new Scan(gemini.grammar);
    scan.feed(Buffer.from(event));
    expect(scan.heldFrom).toBe(event.length);
    for (const piece of ['da', 'ta: ', '{ ', '"err']) {
      scan.feed(Buffer.from(piece));
      expect(scan.heldFrom).toBe(event.length);
    }
    scan.feed(Buffer.from('ata":1'));
    expect(scan.heldFrom).toBe(scan.position);
  });

  test('the bracket that ends an array is held, for an error would have to stand before it', () => {
    const scan = fed(`[${textPart('a')}\n]`);
    expect(scan.heldFrom).toBe(scan.position - 1);
    expect(scan).toMatchObject({ isBetweenEvents: true, isError: false });
  });
});

describe('the provider is at rest when its last words were the last', () => {
  const stop = '{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}';
  const called =
    '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"STOP"}]}';
  const text = textPart('a');
  test.each([
    ['it said that it was finished', [text, stop], true],
    ['it said nothing of the kind', [text, text], false],
    ['it counted tokens afterwards', [stop, '{"usageMetadata":{"totalTokenCount":3}}'], true],
    ['it went on afterwards', [stop, text], false],
    ['it asked for a tool', [called], false],
    ['it asked for a tool, and went on', [called, text, text], false],
    ['it asked for a tool, went on, and finished', [called, text, text, stop], true],
    ['it was blocked', ['{"promptFeedback":{"blockReason":"SAFETY"}}'], true],
  ])('%s', (_, events, isAtRest) => {
    const bytes = Buffer.from(events.map((event) => `data: ${event}\r\n\r\n`).join(''));
    expect(fed(bytes).isAtRest).toBe(isAtRest);
    expect(fedByteByByte(bytes).isAtRest).toBe(isAtRest);
  });

  test.each(['functionCall', 'toolCall', 'executableCode'])('a part with %s is a call of a tool', (kind) => {
    const json = `{"candidates":[{"content":{"parts":[{"${kind}":{}}]},"finishReason":"STOP"}]}`;
    expect(fed(`data: ${json}\n\n`)).toMatchObject({ isFinished: true, isAtRest: false });
  });
});

describe('chat completions of OpenAI', () => {
  const chunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

  test('are finished by a finish reason, and not by null or by the end mark', () => {
    const talk = chunk({ role: 'assistant', content: 'a' }, null);
    expect(fed(`${talk}data: [DONE]\n\n`, openaiChat.grammar)).toMatchObject({ hasMeaning: true, isFinished: false });
    const whole = fed(`${talk}${chunk({}, 'stop')}data: [DONE]\n\n`, openaiChat.grammar);
    expect(whole).toMatchObject({ isFinished: true, isAtRest: true, documents: 2, form: 'sse' });
    expect(whole.heldFrom).toBe(whole.position);
  });

  test('mean nothing while a delta is empty', () => {
    expect(fed(chunk({}, null), openaiChat.grammar).hasMeaning).toBe(false);
  });

  test('are read whole as well', () => {
    const json = JSON.stringify({ choices: [{ message: { content: 'a' }, finish_reason: 'length' }], usage: { a: 1 } });
    const scan = fed(json, openaiChat.grammar);
    expect(scan).toMatchObject({ hasMeaning: true, isFinished: true, form: 'other' });
    expect(scan.usageText()).toBe('{"a":1}');
  });

  test('carry their errors in an array', () => {
    expect(fed('[{"error":{"code":400,"message":"no"}}]', openaiChat.grammar).isError).toBe(true);
  });
});

describe('the framing is told', () => {
  test.each([
    ['sse', `data: ${textPart('a')}\n\n`],
    ['sse', `\u{feff}data: ${textPart('a')}\n\n`],
    ['sse', `event: message\ndata: ${textPart('a')}\n\n`],
    ['sse', `: hello\r\rdata: ${textPart('a')}\r\r`],
    ['array', `[${textPart('a')}\n,\r\n${textPart('a')}\n]`],
    ['array', `\u{feff}[${textPart('a')}]`],
    ['other', textPart('a')],
    ['other', '<html></html>'],
    ['other', ''],
  ] as const)('%s: %j', (form, text) => {
    expect(fed(text).form).toBe(form);
  });

  test('an object may stand on several data lines', () => {
    const scan = fed('data: {"candidates":\ndata: [{"finishReason":\r\ndata: "STOP"}]\rdata: }\n\n');
    expect(scan).toMatchObject({ documents: 1, isFinished: true, isBetweenEvents: true });
  });

  test('an event that is being read has a length, and none between events', () => {
    const scan = fed(`data: ${textPart('a')}\n\ndata: {"candidates":[`);
    expect(scan.eventBytes).toBe('data: {"candidates":['.length);
    expect(fed(`data: ${textPart('a')}\n\n`).eventBytes).toBe(0);
  });
});

describe('the usage of the last event counts', () => {
  const usage = (prompt: number): string => `{"usageMetadata":{"promptTokenCount":${prompt},"a":[{"}":"]}"}]}}`;

  test('whatever the cutting', () => {
    const bytes = Buffer.from(`data: ${usage(1)}\n\ndata: ${textPart('a')}\n\ndata: ${usage(20)}\n\n`);
    for (const scan of [fed(bytes), fedByteByByte(bytes)])
      expect(JSON.parse(scan.usageText())).toEqual({ promptTokenCount: 20, a: [{ '}': ']}' }] });
  });

  test('a usage object elsewhere does not', () => {
    expect(fed('{"a":{"usageMetadata":{"promptTokenCount":3}},"usageMetadata":null}').usageText()).toBe('');
  });
});

describe.skipIf(goldenDir === null)('every recorded answer of Gemini (skipped: no golden data)', () => {
  const answers = [...goldenExchanges()].filter(
    ({ target, status, isWhole }) => isWhole && status === 200 && /enerateContent/.test(target),
  );

  test('is there in good number', () => {
    expect(answers.length).toBeGreaterThan(40);
  });

  test.each(answers)('$name is finished, and between events', ({ body }) => {
    expect(fed(body)).toMatchObject({ hasMeaning: true, isFinished: true, isBetweenEvents: true, isError: false });
  });

  test.each(answers.filter(({ body }) => body.length <= 4_096))('$name: cut anywhere, it is the same', ({ body }) => {
    const whole = stateOf(fed(body));
    for (let cut = 1; cut < body.length; cut++) {
      const scan = new Scan(gemini.grammar);
      scan.feed(body.subarray(0, cut));
      scan.feed(body.subarray(cut));
      expect(stateOf(scan)).toEqual(whole);
    }
  });

  test.each(answers)('$name is never at rest before content that still comes', ({ body }) => {
    const text = Buffer.from(body).toString();
    const events = text.split('\r\n\r\n').map((event) => `${event}\r\n\r\n`);
    const scan = new Scan(gemini.grammar);
    for (const event of events.slice(0, -1)) {
      const wasAtRest = scan.isAtRest;
      const goesOn = event.includes('"parts"');
      expect(wasAtRest && goesOn).toBe(false);
      scan.feed(Buffer.from(event));
    }
  });
});

interface Seen {
  readonly [name: string]: boolean | number | string;
}

function stateOf(scan: Scan): Seen {
  const { hasMeaning, isFinished, isAtRest, isError, documents, form, heldFrom, position, isBetweenEvents } = scan;
  const { eventBytes } = scan;
  const usage = scan.usageText();
  return {
    hasMeaning,
    isFinished,
    isAtRest,
    isError,
    documents,
    form,
    heldFrom,
    position,
    isBetweenEvents,
    eventBytes,
    usage,
  };
}

function fed(bytes: Uint8Array | string, grammar: Grammar = gemini.grammar): Scan {
  const scan = new Scan(grammar);
  const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  if (chunk.length > 0) scan.feed(chunk);
  return scan;
}

function fedByteByByte(bytes: Uint8Array): Scan {
  const scan = new Scan(gemini.grammar);
  for (const byte of bytes) scan.feed(Uint8Array.of(byte));
  return scan;
}

/** Cuts wherever `cuts` say, modulo the length. */
function fedInPieces(bytes: Uint8Array, cuts: readonly number[]): Scan {
  const scan = new Scan(gemini.grammar);
  const places = [...new Set(cuts.map((cut) => cut % Math.max(1, bytes.length)))].sort((a, b) => a - b);
  let from = 0;
  for (const place of [...places, bytes.length]) {
    if (place > from) scan.feed(bytes.subarray(from, place));
    from = Math.max(from, place);
  }
  return scan;
}

function textPart(text: string): string {
  return JSON.stringify({ candidates: [{ content: { parts: [{ text }] } }] });
}

/** Answers of any framing, whole or broken, with whatever stands in real ones. */
function body(): fc.Arbitrary<Buffer> {
  const text = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom('"finishReason":"STOP"', '\\', '\\"', 'é😀', '{', ']'),
  );
  const part = fc.oneof(
    text.map((one) => ({ text: one })),
    fc.record({
      functionCall: fc.record({ name: text, args: fc.constantFrom({}, { candidates: [{ finishReason: 'STOP' }] }) }),
    }),
    fc.constant({}),
  );
  const finish = fc.constantFrom(undefined, null, '', 'STOP', 'FINISH_REASON_UNSPECIFIED', 3, 0);
  const answer = fc.record(
    {
      candidates: fc.array(
        fc.record({ content: fc.record({ parts: fc.array(part, { maxLength: 2 }) }), finishReason: finish }),
        { maxLength: 2 },
      ),
      usageMetadata: fc.record({ promptTokenCount: fc.nat(99) }),
    },
    { requiredKeys: [] },
  );
  const event = fc.oneof(
    { arbitrary: answer, weight: 6 },
    {
      arbitrary: fc.constantFrom({ promptFeedback: { blockReason: 'SAFETY' } }, { error: { code: 503 } }, {}),
      weight: 1,
    },
  );
  const lines = fc.constantFrom('\n', '\r', '\r\n');
  const sse = fc
    .tuple(
      fc.array(event, { maxLength: 4 }),
      lines,
      fc.constantFrom(undefined, 2),
      fc.constantFrom('', ': ping', 'id: 7'),
    )
    .map(([events, line, indent, extra]) =>
      events
        .map(
          (one) =>
            `${extra === '' ? '' : extra + line}data: ${JSON.stringify(one, null, indent).split('\n').join(`${line}data: `)}${line}${line}`,
        )
        .join(''),
    );
  const array = fc
    .array(event, { maxLength: 4 })
    .map((events) => `[${events.map((one) => JSON.stringify(one, null, 2)).join('\n,\r\n')}\n]`);
  const unary = event.map((one) => JSON.stringify(one, null, 2));
  const framed = fc.tuple(
    fc.constantFrom('', '\u{feff}'),
    fc.oneof(sse, sse, array, unary),
    fc.constantFrom('', '\n', 'data: [DONE]\n\n', '{"error":{}}'),
  );
  return fc.tuple(framed, fc.nat(9)).map(([[mark, text_, tail], cut]) => {
    const bytes = Buffer.from(mark + text_ + tail);
    return cut === 0 ? bytes.subarray(0, bytes.length >> 1) : bytes;
  });
}
