/** The same app in each runtime, really run: its bundle, its own process, real sockets on both sides. */

import { connect } from 'node:net';
import { demoKey, type Simulator, type StepName, startSimulator } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { binaryOf, type RuntimeName } from './runtimes/binaries.ts';
import { bundle } from './runtimes/bundle.ts';
import { open, send } from './runtimes/client.ts';
import { type Running, start } from './runtimes/runtime.ts';

const key = 'canary-key-of-alice-01';
const headers = { 'content-type': 'application/json', 'x-goog-api-key': key };
const body = '{"contents":[{"parts":[{"text":"hi"}]}]}';
const unary = '/gemini/v1beta/models/gemini-2.5-flash:generateContent';
const streamed = '/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';
const oneMiB = 1024 * 1024;
/** Machines that are busy take their time to notice; a call that is never abandoned takes for ever. */
const noticedMs = 5_000;

const names: readonly RuntimeName[] = ['workerd', 'bun', 'deno'];
/**
 * workerd alone sees a client go by a reset, or when it writes to it, and never by the end of what the client sends. In
 * front of Workers at Cloudflare stands something else, which tells them.
 */
const seesEnds = (name: RuntimeName): boolean => name !== 'workerd';
const cuts: readonly StepName[] = ['rst-mid-stream', 'fin-mid-chunk', 'cut-length', 'error-mid-stream', 'no-finish'];

describe.each(names)('the app on %s', (name) => {
  test('is one file that imports nothing, of Node least of all', async () => {
    const { imports } = await bundle(name === 'workerd' ? 'worker' : name, name);
    expect(imports).toEqual([]);
  });

  if (binaryOf(name) === null) {
    test(`skipped: there is no ${name} for ${process.platform} on ${process.arch}`, (context) => context.skip());
    return;
  }

  let simulator: Simulator;
  let app: Running;
  beforeAll(async () => {
    simulator = await startSimulator();
    app = await start(name, {
      GEMINI_API_KEYS: `demo=${demoKey}`,
      GEMINI_BASE_URL: simulator.url,
      SLUICE_API_KEYS: `alice=${key}`,
    });
  }, 30_000);
  afterAll(async () => {
    await app?.close();
    await simulator?.close();
  });
  afterEach(async () => {
    await eventually('an upstream call is left', () => simulator.journal.running === 0, noticedMs);
    simulator.reset();
  });

  const call = (target: string) => send(app.origin + target, { headers, body });

  test('answers in one piece, and wants a key', async () => {
    const answer = await call(unary);
    expect([answer.status, JSON.parse(answer.body).candidates[0].finishReason]).toEqual([200, 'STOP']);
    const { rawHeaders, target } = simulator.journal.requests[0] ?? {};
    expect(JSON.stringify([rawHeaders, target])).not.toContain(key);
    const refused = await send(app.origin + unary, { headers: { 'content-type': 'application/json' }, body });
    expect([refused.status, JSON.parse(refused.body).error.status]).toEqual([401, 'UNAUTHENTICATED']);
    expect(simulator.journal.requests).toHaveLength(1);
  });

  test('streams: event by event, as each one comes', async () => {
    simulator.plan('*', ['stall-mid-stream']);
    const { message, outgoing } = open(app.origin + streamed, { headers, body });
    let text = '';
    (await message).on('data', (piece: Buffer) => (text += piece)).on('error', () => {});
    await eventually('what the provider has said is here', () => /data: .*\r?\n\r?\n$/.test(text), noticedMs);
    outgoing.destroy();
  });

  test.each(cuts)('a stream that breaks (%s) never looks like one that has ended', async (step) => {
    simulator.plan('*', [step]);
    const answer = await call(streamed);
    // Bun's `fetch` shows nothing of an answer that it knows to be broken by the time its head is asked for.
    if (answer.status !== 200) {
      expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([502, 502]);
      return;
    }
    expect(answer.isComplete).toBe(false);
    // What was said before it, and then why it ends.
    expect(answer.body).toMatch(/^data: /);
    expect(answer.body).toMatch(/"code": 50\d[\s\S]*\}\s*$/);
  });

  const phases: readonly (readonly [phase: string, step: StepName])[] = [
    ['while the provider thinks', 'no-answer'],
    ['before the first event', 'stall-before-first'],
    ['in mid-stream', 'stall-mid-stream'],
    ['in a flood', 'endless-stream'],
  ];
  test.each(phases)('a client that leaves %s is gone upstream', async (_phase, step) => {
    simulator.plan('*', [step]);
    const { message, outgoing } = open(app.origin + streamed, { headers, body });
    await eventually('the call is under way', () => simulator.journal.running === 1, noticedMs);
    if (step === 'stall-mid-stream' || step === 'endless-stream') {
      const head = await message;
      head.on('error', () => {});
      await new Promise((resolve) => head.once('data', resolve));
    }
    if (seesEnds(name)) outgoing.destroy();
    else outgoing.socket?.resetAndDestroy();
    await eventually('the upstream call is abandoned', () => simulator.journal.running === 0, noticedMs);
  });

  test.runIf(seesEnds(name))('a client that half-closes its connection is gone upstream', async () => {
    simulator.plan('*', ['no-answer']);
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1').on('error', () => {});
    const fields = Object.entries(headers).map(([field, value]) => `${field}: ${value}`);
    const head = [`POST ${unary} HTTP/1.1`, 'host: x', ...fields, `content-length: ${body.length}`];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    await eventually('the call is under way', () => simulator.journal.running === 1, noticedMs);
    socket.end();
    await eventually('the upstream call is abandoned', () => simulator.journal.running === 0, noticedMs);
    socket.destroy();
  });

  test('a limit is kept when the request that came before is over', async () => {
    simulator.plan('*', ['stall-mid-stream', 'no-answer']);
    const before = open(app.origin + streamed, { headers: { ...headers, 'x-request-timeout-ms': '60000' }, body });
    (await before.message).resume().on('error', () => {});
    const late = send(app.origin + unary, { headers: { ...headers, 'x-request-timeout-ms': '1000' }, body });
    await eventually('both are under way', () => simulator.journal.running === 2, noticedMs);
    before.outgoing.socket?.resetAndDestroy();
    const answer = await late;
    expect([answer.status, JSON.parse(answer.body).error.status]).toEqual([504, 'DEADLINE_EXCEEDED']);
  });

  test('holds the provider when its reader stops, and goes on when the reader does', async () => {
    simulator.plan('*', ['endless-stream']);
    const { message, outgoing } = open(app.origin + streamed, { headers, body });
    const head = await message;
    head.on('error', () => {});
    const sent = (): number => simulator.journal.requests[0]?.bytesSent ?? 0;
    let before = -1;
    let quietTurns = 0;
    const isHeld = (): boolean => {
      quietTurns = sent() === before ? quietTurns + 1 : 0;
      before = sent();
      return before > oneMiB && quietTurns > 30;
    };
    await eventually('the provider is held', isHeld, noticedMs);
    const heldAt = sent();
    expect(heldAt).toBeLessThan(32 * oneMiB);
    head.resume();
    await eventually('it goes on', () => sent() > heldAt, noticedMs);
    outgoing.destroy();
  });

  test('an upload goes on at the address under the mount path', async () => {
    const begin = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' };
    const started = await send(`${app.origin}/gemini/upload/v1beta/files`, {
      headers: { ...headers, ...begin },
      body: '{}',
    });
    const address = String(started.headers['x-goog-upload-url']);
    expect(address).toMatch(new RegExp(`^${app.origin}/gemini/upload/v1beta/files\\?`));
    const finish = { 'x-goog-api-key': key, 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };
    const file = Buffer.alloc(3 * oneMiB, 'x');
    const finished = await send(address, { headers: finish, body: file });
    expect(finished.status).toBe(200);
    expect(JSON.parse(finished.body).file.sizeBytes).toBe(String(file.length));
  });

  test('a large body arrives as it was sent', async () => {
    const large = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }], labels: { text: 'x'.repeat(6 * oneMiB) } });
    expect((await send(app.origin + unary, { headers, body: large })).status).toBeLessThan(500);
    const arrived = Buffer.from(simulator.journal.requests[0]?.body ?? []);
    expect(arrived.equals(Buffer.from(large))).toBe(true);
  });
});
