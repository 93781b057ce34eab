/** Interactions through the gateway, by raw calls: their streams, their errors, and when a call is made again. */

import { type Answer, demoKey, type StepName } from '@sluice/simulator';
import { describeDrivers, eventually, type Mounted, type ReadAnswer, read } from '@sluice/testkit';
import { createParser } from 'eventsource-parser';
import { expect, test } from 'vitest';

const model = 'gemini-2.5-flash';
const words = Array.from({ length: 12 }, (_, at) => `w${at}`).join(' ');
const simulator = { answer: () => words };
const quick = { retry: { baseDelayMs: 1, throttleDelayMs: 1 } };

describeDrivers('an interaction', (_driver, mount) => {
  test.each([
    ['whole', {}],
    ['streamed', { stream: true }],
    ['kept nowhere', { store: false }],
    ['kept nowhere, streamed', { store: false, stream: true }],
  ])('passes untouched: %s', async (_, more) => {
    const mounted = await mount({ simulator });
    const answer = await create(mounted, more);
    expect(answer).toMatchObject({ status: 200, brokenBy: null });
    expect(answer.text).toContain('"status":"completed"'.replace(':', 'stream' in more ? ':' : ': '));
    const [request] = mounted.simulator.journal.requests;
    expect(Buffer.from(request?.body ?? '').toString()).toBe(JSON.stringify({ model, input: 'Hello', ...more }));
  });

  test('in the background is a document that is in progress, and its stream waits for its end', async () => {
    let nowMs = Date.parse('2026-11-20T12:00:00Z');
    const mounted = await mount({ simulator: { ...simulator, interactionMs: 60_000, now: () => nowMs } });
    const begun = await create(mounted, { background: true });
    expect(begun).toMatchObject({ status: 200, brokenBy: null });
    const { id, status } = JSON.parse(begun.text) as { id: string; status: string };
    expect(status).toBe('in_progress');
    const response = await mounted.fetch(`/v1beta/interactions/${id}?stream=true`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    nowMs += 60_000;
    const stream = await read(response);
    expect(stream.brokenBy).toBeNull();
    expect(textIn(stream)).toBe(words);
    const read2 = await read(await mounted.fetch(`/v1beta/interactions/${id}`));
    expect(JSON.parse(read2.text)).toMatchObject({ id, status: 'completed' });
  });

  test('counts its tokens', async () => {
    const mounted = await mount({ simulator });
    const usages: unknown[] = [];
    mounted.gateway.on('request', ({ usage, call, model: asked }) => usages.push([call, asked, usage?.candidates]));
    await create(mounted, {});
    await create(mounted, { stream: true });
    await eventually('both are told', () => usages.length === 2);
    const [whole, streamed] = usages as [string, string, number][];
    expect(whole).toEqual(['interactions.create', model, expect.any(Number)]);
    expect(whole?.[2]).toBeGreaterThan(0);
    expect(streamed).toEqual(whole);
  });
});

describeDrivers('a stream of events that breaks never looks whole', (_driver, mount) => {
  // What is kept nowhere can only be asked for anew.
  const unkept = { store: false, stream: true };
  const cuts: StepName[] = ['rst-mid-stream', 'fin-mid-chunk', 'close-delimited-rst', 'no-finish', 'gzip-truncated'];
  test.each(cuts)('%s: what came is delivered, then an error event, then the connection breaks', async (step) => {
    const mounted = await mount({ simulator });
    mounted.simulator.plan('*', [step]);
    const answer = await create(mounted, unkept);
    expect(answer.status).toBe(200);
    expect(answer.brokenBy).not.toBeNull();
    expect(answer.text).not.toContain('interaction.completed');
    if (step !== 'gzip-truncated') {
      expect(eventsIn(answer).at(-1)).toEqual({
        event_type: 'error',
        error: {
          code: 'service_unavailable',
          message: expect.stringContaining('stopped before its end'),
          details: [expect.objectContaining({ reason: 'UPSTREAM_TRUNCATED', domain: 'sluice' })],
        },
      });
    }
    expect(mounted.simulator.journal.requests).toHaveLength(1);
  });

  test("the provider's own error arrives as an event, last and alone", async () => {
    const mounted = await mount({ simulator });
    const kinds: (string | null)[] = [];
    mounted.gateway.on('request', ({ error }) => kinds.push(error));
    mounted.simulator.plan('*', ['interaction-error']);
    const answer = await create(mounted, unkept);
    const events = eventsIn(answer);
    expect(answer.brokenBy).not.toBeNull();
    expect(events.at(-1)).toEqual({
      event_type: 'error',
      error: { code: 'service_unavailable', message: expect.stringContaining('high demand') },
    });
    expect(events.filter(({ event_type }) => event_type === 'error')).toHaveLength(1);
    await eventually('it is told', () => kinds.length === 1);
    expect(kinds).toEqual(['overloaded']);
  });

  test('a stored one can be heard on by whoever has its id and its last event', async () => {
    const mounted = await mount({ simulator });
    const whole = textIn(await create(mounted, { stream: true }));
    const made = await create(mounted, { stream: true });
    const [{ interaction } = {}, ...rest] = eventsIn(made);
    const target = `/v1beta/interactions/${interaction?.id}?stream=true&last_event_id=${rest[2]?.event_id}`;
    const tail = await read(await mounted.fetch(target));
    expect(tail.brokenBy).toBeNull();
    const first = eventsIn(made).slice(0, 4);
    expect([...first, ...eventsIn(tail)]).toEqual(eventsIn(made));
    expect(whole).toBe(words);
    expect(mounted.simulator.journal.requests.at(-1)?.target).toBe(target);
  });

  test('its silence ends', async () => {
    const mounted = await mount({ simulator, gateway: { timeouts: { idleMs: 40 } } });
    mounted.simulator.plan('*', ['stall-mid-stream']);
    const answer = await create(mounted, unkept);
    expect(answer.brokenBy).not.toBeNull();
    expect(eventsIn(answer).at(-1)?.error).toMatchObject({ code: 'deadline_exceeded' });
  });
});

describeDrivers('an interaction is made once', (_driver, mount) => {
  const uncertain: StepName[] = ['500', '502-html', 'rst-before-headers', 'cut-length', 'empty-200', 'html-200'];
  test.each(uncertain)('%s: what may have been made is not made again', async (step) => {
    const mounted = await mount({ simulator, gateway: quick });
    mounted.simulator.plan('*', [step, 'ok']);
    const answer = await create(mounted, {});
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(codeIn(answer)).toMatch(/^(?:api_error|service_unavailable|502)$/);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
  });

  test.each(uncertain)('%s: what is kept nowhere is tried again, unseen', async (step) => {
    const mounted = await mount({ simulator, gateway: quick });
    mounted.simulator.plan('*', [step, 'ok']);
    const answer = await create(mounted, { store: false });
    expect(answer).toMatchObject({ status: 200, brokenBy: null });
    expect(answer.headers.get('x-sluice-attempts')).toBe('2');
  });

  test.each([
    ['breaks', ''],
    ['fails', event({ error: { code: 'service_unavailable', message: 'busy' }, event_type: 'error' })],
  ])('a stream that %s before it has said anything is tried again, unseen, where nothing was made', async (_, last) => {
    const opening = (id: string): string =>
      event({ interaction: { id, status: 'in_progress' }, event_type: 'interaction.created' }) +
      event({ interaction_id: id, status: 'in_progress', event_type: 'interaction.status_update' });
    const mounted = await mount({ simulator, gateway: quick });
    mounted.simulator.plan('*', [streamOf(opening('') + last), 'ok']);
    const again = await create(mounted, { store: false, stream: true });
    expect(again).toMatchObject({ status: 200, brokenBy: null });
    expect(textIn(again)).toBe(words);
    expect(again.headers.get('x-sluice-attempts')).toBe('2');
    mounted.simulator.plan('*', [streamOf(opening('v1_made') + last), 'ok']);
    const made = await create(mounted, { stream: true });
    expect(made.brokenBy).not.toBeNull();
    expect(eventsIn(made).map(({ event_type }) => event_type)).toEqual([
      'interaction.created',
      'interaction.status_update',
      'error',
    ]);
    expect(mounted.simulator.journal.requests).toHaveLength(3);
  });

  test.each<StepName>(['503', '429'])('%s proves that nothing was made', async (step) => {
    const projects = [
      { id: 'one', keys: ['key-of-one-0001'] },
      { id: 'two', keys: ['key-of-two-0001'] },
    ];
    const mounted = await mount({ simulator: { ...simulator, projects }, gateway: quick });
    mounted.simulator.plan('*', [step, 'ok']);
    expect((await create(mounted, {})).status).toBe(200);
    expect(mounted.simulator.journal.requests).toHaveLength(2);
  });
});

describeDrivers('errors speak the words of interactions', (_driver, mount) => {
  test.each<[step: StepName, status: number, code: string]>([
    ['400', 400, 'invalid_request'],
    ['404', 404, 'model_not_found'],
    ['429-day', 429, 'quota_exceeded'],
    ['504', 504, 'deadline_exceeded'],
  ])("Google's own %s is judged, and passes", async (step, status, code) => {
    const mounted = await mount({ simulator, gateway: quick });
    mounted.simulator.plan(demoKey, [step]);
    const answer = await create(mounted, {});
    expect([answer.status, codeIn(answer)]).toEqual([status, code]);
  });

  test('our own, with our reason', async () => {
    const mounted = await mount({ gateway: { callers: [{ id: 'alice', key: 'alice-canary-key-0001' }] } });
    const strange = await create(mounted, {}, { 'x-goog-api-key': 'somebody-else-0001' });
    expect([strange.status, codeIn(strange)]).toEqual([401, 'authentication']);
    expect(strange.text).toContain('"UNAUTHORIZED"');
    const lost = await read(await mounted.fetch('/v1beta/interactions/v1_never', alice));
    expect([lost.status, codeIn(lost)]).toEqual([404, 'not_found']);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
  });

  test('a body that is no JSON is not taken', async () => {
    const mounted = await mount();
    const answer = await create(mounted, {}, { 'content-type': 'text/plain' });
    expect([answer.status, codeIn(answer)]).toEqual([415, 'invalid_request']);
  });
});

const alice = { headers: { 'x-goog-api-key': 'alice-canary-key-0001' } };

interface InteractionEvent {
  readonly event_type: string;
  readonly event_id?: string;
  readonly interaction?: { readonly id: string };
  readonly delta?: { readonly text?: string };
  readonly error?: object;
}

async function create({ fetch }: Mounted, more: object, headers: Record<string, string> = {}): Promise<ReadAnswer> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, input: 'Hello', ...more }),
  };
  return read(await fetch('/v1beta/interactions', init));
}

function event(data: { readonly event_type: string; readonly [key: string]: unknown }): string {
  return `event: ${data.event_type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** It ends in good order, whatever it has said. */
function streamOf(text: string): Answer {
  return { status: 200, headers: [['content-type', 'text/event-stream']], chunks: [Buffer.from(text)], streamed: true };
}

function eventsIn({ text }: ReadAnswer): InteractionEvent[] {
  const events: InteractionEvent[] = [];
  const parser = createParser({
    onEvent({ data }) {
      // What was broken off in the middle cannot be read, and `[DONE]` says nothing.
      if (data.startsWith('{') && data.endsWith('}')) events.push(JSON.parse(data) as InteractionEvent);
    },
  });
  parser.feed(text);
  return events;
}

function textIn(answer: ReadAnswer): string {
  return eventsIn(answer)
    .map(({ delta }) => delta?.text ?? '')
    .join('');
}

function codeIn({ text }: ReadAnswer): string {
  return String((JSON.parse(text) as { error: { code: unknown } }).error.code);
}
