import { demoKey, type StepName } from '@sluice/simulator';
import { describeDrivers, read } from '@sluice/testkit';
import { expect, test } from 'vitest';

/** One try and no pause: what the client sees is what one broken answer becomes. */
const once = { retry: { maxAttempts: 1 } };
const quick = { retry: { baseDelayMs: 1, throttleDelayMs: 1 } };

describeDrivers('a stream that breaks after its first words never looks whole', (_driver, mount) => {
  const cuts: StepName[] = [
    'rst-mid-stream',
    'fin-mid-chunk',
    'close-delimited-rst',
    'no-finish',
    'error-mid-stream',
    'gzip-truncated',
    // A length that is kept to by the connection, and too short for the answer.
    'length-too-short',
  ];
  test.each(cuts)('%s: what came is delivered, then the connection breaks', async (step) => {
    const { ask, simulator } = await mount({ gateway: once });
    simulator.plan('*', [step]);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    expect(answer.brokenBy).not.toBeNull();
    expect(answer.status).toBe(200);
    expect(simulator.journal.requests).toHaveLength(1);
  });

  test("the last words are an error in Google's own shape", async () => {
    const { ask, simulator } = await mount({ gateway: once });
    simulator.plan('*', ['no-finish']);
    const { text } = await read(await ask('streamGenerateContent?alt=sse'));
    const lastWords = text.slice(text.lastIndexOf('\r\n\r\n') + 4);
    expect(JSON.parse(lastWords)).toMatchObject({ error: { code: 502, status: 'UNAVAILABLE' } });
  });

  test("Google's own error in the middle arrives as it was, in a write of its own", async () => {
    const { ask, simulator } = await mount({ gateway: once });
    simulator.plan('*', ['error-mid-stream']);
    const response = await ask('streamGenerateContent?alt=sse');
    const pieces: string[] = [];
    const reader = response.body?.getReader();
    for (;;) {
      const piece = await reader?.read().catch(() => null);
      if (piece?.value === undefined) break;
      pieces.push(Buffer.from(piece.value).toString());
    }
    const last = JSON.parse(pieces.at(-1) ?? '') as { error: { code: number; status: string } };
    expect(last.error.code).toBe(503);
  });

  test('the array form gets the error as one more element', async () => {
    const { ask, simulator } = await mount({ gateway: once });
    simulator.plan('*', ['no-finish']);
    const answer = await read(await ask('streamGenerateContent'));
    const elements = JSON.parse(answer.text) as { error?: { code: number } }[];
    expect(elements.at(-1)?.error?.code).toBe(502);
    expect(answer.brokenBy).not.toBeNull();
  });

  test('an OpenAI client gets the error as an event that it can read', async () => {
    const { fetch, simulator } = await mount({ gateway: once });
    simulator.plan('*', ['no-finish']);
    const answer = await read(
      await fetch('/v1beta/openai/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'gemini-2.5-flash', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
      }),
    );
    const last = answer.text.trimEnd().split('\n\n').at(-1) ?? '';
    expect(JSON.parse(last.replace(/^data: /, ''))).toMatchObject({
      error: { code: 502, message: expect.any(String) },
    });
    expect(answer.brokenBy).not.toBeNull();
  });
});

describeDrivers('what breaks before anything was shown is tried again, unseen', (_driver, mount) => {
  const faults: StepName[] = [
    '500',
    '503',
    '502-html',
    '503-invalid-json',
    'rst-before-headers',
    'fin-before-headers',
    'rst-mid-headers',
    'garbage',
    'status-999',
    'too-many-headers',
    'empty-200',
    'html-200',
    'error-200',
    'empty-stream',
    'usage-only-stream',
    'error-first-event',
  ];
  test.each(faults)('%s, then a stream', async (step) => {
    const { ask, simulator } = await mount({ gateway: quick });
    simulator.plan('*', [step, 'ok']);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    expect(answer.brokenBy).toBeNull();
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"finishReason": "STOP"');
    expect(answer.headers.get('x-sluice-attempts')).toBe('2');
  });

  const unaryFaults: StepName[] = [
    ...faults,
    'cut-length',
    'rst-mid-stream',
    'fin-mid-chunk',
    'close-delimited-rst',
    'no-finish',
  ];
  test.each(unaryFaults)('%s, then a whole answer', async (step) => {
    const { ask, simulator } = await mount({ gateway: quick });
    simulator.plan('*', [step, 'ok']);
    const answer = await read(await ask('generateContent'));
    expect(answer.brokenBy).toBeNull();
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ candidates: [{ finishReason: 'STOP' }] });
    expect(simulator.journal.requests).toHaveLength(2);
  });
});

describeDrivers('what is whole is delivered whole', (_driver, mount) => {
  const whole: StepName[] = ['ok', 'close-delimited', 'stop-first', 'one-byte-chunks', 'gzip-stream'];
  test.each(whole)('%s', async (step) => {
    const { ask, simulator } = await mount();
    simulator.plan('*', [step]);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    expect(answer.brokenBy).toBeNull();
    expect(answer.text).toContain('STOP');
    expect(simulator.journal.requests).toHaveLength(1);
  });

  test('a body that ends uncleanly after its marker is delivered, and ends as uncleanly as it came', async () => {
    const { ask, simulator } = await mount();
    simulator.plan('*', ['fin-no-last-chunk']);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    expect(answer.text).toContain('"finishReason": "STOP"');
    expect(answer.text.endsWith('\r\n\r\n')).toBe(true);
    expect(answer.brokenBy).not.toBeNull();
  });

  test('a provider that says STOP and keeps the connection open does not keep the client', async () => {
    const { ask, simulator } = await mount({ gateway: { timeouts: { afterTerminalMs: 30 } } });
    simulator.plan('*', ['finish-then-hang']);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    expect(answer.brokenBy).toBeNull();
    expect(answer.text).toContain('STOP');
  });

  test('an answer in one piece that has come whole is not lost because the provider does not say so', async () => {
    const { ask, simulator } = await mount({ gateway: { timeouts: { idleMs: 30 } } });
    simulator.plan('*', ['finish-then-hang']);
    const answer = await read(await ask('generateContent'));
    expect(answer).toMatchObject({ status: 200, brokenBy: null });
    expect(answer.text).toContain('STOP');
  });

  test('a redirect is an error, and is not followed', async () => {
    const { ask, simulator } = await mount();
    simulator.plan('*', ['redirect']);
    const answer = await read(await ask('generateContent'));
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { details: [{ reason: 'UPSTREAM_REDIRECT' }] } });
    expect(answer.headers.get('location')).toBeNull();
    expect(simulator.journal.requests).toHaveLength(1);
  });
});

describeDrivers('what is held is bounded', (_driver, mount) => {
  test('a whole answer counts while it waits to be judged, and no more when it has gone out', async () => {
    const { ask, gateway, simulator } = await mount();
    const body = Buffer.from(
      `{"candidates":[{"content":{"parts":[{"text":"${'x'.repeat(5_000)}"}]},"finishReason":"STOP"}]}`,
    );
    const held: number[] = [];
    simulator.plan('*', [
      {
        status: 200,
        headers: [['Content-Type', 'application/json']],
        chunks: [body.subarray(0, 4_000), body.subarray(4_000)],
        streamed: true,
        chunkMs: 20,
      },
    ]);
    const answered = ask('generateContent').then(read);
    const look = setInterval(() => held.push(gateway.snapshot().bufferedBytes), 1);
    const { status } = await answered;
    clearInterval(look);
    expect(status).toBe(200);
    expect(Math.max(...held)).toBeGreaterThanOrEqual(4_000);
    expect(gateway.snapshot().bufferedBytes).toBe(0);
  });

  test('an answer beyond limits.maxAnswerBytes fails this call only, and is not asked for again', async () => {
    const { ask, gateway, simulator } = await mount({ gateway: { limits: { maxAnswerBytes: 500 } } });
    simulator.plan('*', ['ok']);
    const answer = await read(await ask('generateContent'));
    expect(answer.status).toBe(502);
    expect(answer.text).toContain('maxAnswerBytes');
    expect(simulator.journal.requests).toHaveLength(1);
    expect(gateway.snapshot().breakers).toEqual([]);
  });

  test('an event beyond limits.maxEventBytes breaks this stream only', async () => {
    const { ask, simulator } = await mount({ gateway: { limits: { maxEventBytes: 100_000 } } });
    simulator.plan('*', ['big-event']);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    expect(answer.brokenBy !== null || answer.status === 502).toBe(true);
    expect(answer.body.length).toBeLessThan(2_000_000);
  });
});

describeDrivers('silences end', (_driver, mount) => {
  test('a stream that says nothing for too long in the middle is broken off', async () => {
    const { ask, simulator } = await mount({ gateway: { timeouts: { idleMs: 40 } } });
    simulator.plan('*', ['stall-mid-stream']);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    expect(answer.brokenBy).not.toBeNull();
    expect(answer.text).toContain('UPSTREAM_TIMEOUT');
  });

  test.each(['no-answer', 'slow-headers'] as const)('%s: 504, and a generation is not sent twice', async (step) => {
    const { ask, simulator } = await mount({ gateway: { timeouts: { headersMs: 40 } } });
    simulator.plan('*', [step]);
    const answer = await read(await ask('generateContent'));
    expect(answer.status).toBe(504);
    expect(simulator.journal.requests.length).toBeLessThanOrEqual(1);
  });

  test.each(['stall-before-first', 'comments-only'] as const)('%s: comments are no sign of life', async (step) => {
    const { ask, simulator } = await mount({ gateway: { timeouts: { firstEventMs: 60 } } });
    simulator.plan('*', [step]);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    expect(answer.status).toBe(504);
  });

  test('a plan of the key decides, so the suite above has tested what it says', async () => {
    const { ask, simulator } = await mount();
    simulator.plan(demoKey, ['404']);
    expect((await ask('generateContent')).status).toBe(404);
  });
});
