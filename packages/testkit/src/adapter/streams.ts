/** Streams keep their pace, their end and their client's leave, whatever framework they flow through. */

import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { StepName } from '@sluice/simulator';
import { describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { withoutIds } from './answers.ts';
import { open, readReply, send, start } from './call.ts';
import { openStage } from './stage.ts';
import type { AdapterSuite } from './suite.ts';

const body = '{"contents":[{"parts":[{"text":"hi"}]}]}';
const path = '/gemini';
const target = `${path}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`;
const unary = `${path}/v1beta/models/gemini-2.5-flash:generateContent`;
const withinMs = 100;
const oneMiB = 1024 * 1024;

export function flowsAlike(suite: AdapterSuite): void {
  describe('a client that leaves is gone upstream within 100 ms', () => leaves(suite));
  describe('a stream flows', () => flows(suite));
}

function leaves({ subject, takeDown }: AdapterSuite): void {
  const phases: readonly (readonly [phase: string, step: StepName])[] = [
    ['while the provider thinks', 'no-answer'],
    ['before the first event', 'stall-before-first'],
    ['in mid-stream', 'slow-stream'],
    ['in a flood', 'endless-stream'],
  ];
  test.each(phases)('%s', async (_phase, step) => {
    const { app, simulator, gateway } = await openStage(subject, { path }, takeDown);
    simulator.plan('*', [step]);
    const ended = new Promise<string>((resolve) => gateway.on('request', ({ outcome }) => resolve(outcome)));
    const { answered, leave } = start(app, { target, body });
    const head = answered.catch(() => null);
    await eventually('the call is under way', () => simulator.journal.running === 1);
    if (step.endsWith('-stream'))
      await new Promise((resolve) => head.then((reply) => reply?.message.once('data', resolve)));
    const leftAtMs = performance.now();
    leave();
    await eventually('the upstream call is abandoned', () => simulator.journal.running === 0);
    expect(performance.now() - leftAtMs).toBeLessThan(withinMs);
    expect(await ended).toBe('aborted');
  });

  test('by half-closing the connection', async () => {
    const { app, simulator } = await openStage(subject, { path }, takeDown);
    simulator.plan('*', ['no-answer']);
    const socket = connect(Number(new URL(app).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST ${unary} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually('the call is under way', () => simulator.journal.running === 1);
    const leftAtMs = performance.now();
    socket.end();
    await eventually('the upstream call is abandoned', () => simulator.journal.running === 0);
    expect(performance.now() - leftAtMs).toBeLessThan(withinMs);
    socket.destroy();
  });
}

function flows({ subject, takeDown }: AdapterSuite): void {
  test('event by event, as each one comes', async () => {
    const { app, simulator } = await openStage(subject, { path }, takeDown);
    simulator.plan('*', ['stall-mid-stream']);
    const { message, leave } = await open(app, { target, body });
    let text = '';
    message.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    message.on('error', () => {});
    await eventually('what the provider has said so far is here', () => /data: .*\r?\n\r?\n$/.test(text));
    leave();
  });

  test('and is held when its reader stops, and goes on when the reader does', async () => {
    const { app, simulator } = await openStage(subject, { path }, takeDown);
    simulator.plan('*', ['endless-stream']);
    const { message, leave } = await open(app, { target, body });
    message.on('error', () => {});
    await eventually('the flood has begun', () => (simulator.journal.requests[0]?.bytesSent ?? 0) > oneMiB);
    const sent = (): number => simulator.journal.requests[0]?.bytesSent ?? 0;
    let before = -1;
    let quietTurns = 0;
    // The sockets in between hold some megabytes; after these, nothing moves any more.
    await eventually('the provider is held', () => {
      quietTurns = sent() === before ? quietTurns + 1 : 0;
      before = sent();
      return quietTurns > 10;
    });
    const heldAt = sent();
    expect(heldAt).toBeLessThan(32 * oneMiB);
    let read = 0;
    message.on('data', (piece: Buffer) => {
      read += piece.length;
    });
    await eventually('it goes on', () => read > heldAt && sent() > heldAt);
    leave();
  });

  test('whole, when it has one event of many megabytes', async () => {
    const { app, bare, simulator } = await openStage(subject, { path }, takeDown);
    simulator.plan('*', ['big-event']);
    const direct = await send(bare, { target: target.slice(path.length), body });
    const through = await send(app, { target, body });
    expect(through.isComplete).toBe(true);
    expect(through.body.length).toBeGreaterThan(16 * oneMiB);
    const [there, here] = [direct, through].map((reply) => withoutIds(reply.body));
    expect(there === here).toBe(true); // nobody reads a difference of 20 MB
  });

  test('upwards: a large body arrives as it was sent', async () => {
    const { app, simulator } = await openStage(subject, { path }, takeDown);
    const text = randomBytes(6 * oneMiB).toString('base64');
    const large = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }], labels: { text } });
    const pieces = [Buffer.from(large.slice(0, 3)), Buffer.from(large.slice(3))];
    expect((await send(app, { target: unary, body: large })).status).toBeLessThan(500);
    expect((await send(app, { target: unary, body: pieces })).status).toBeLessThan(500);
    const arrived = simulator.journal.requests.map((request) => Buffer.from(request.body).equals(Buffer.from(large)));
    expect(arrived).toEqual([true, true]);
  });

  test('when the gateway goes down: what runs too long ends with an error and no clean end', async () => {
    const { app, simulator, gateway } = await openStage(subject, { path }, takeDown);
    simulator.plan('*', ['stall-mid-stream']);
    const { message } = await open(app, { target, body });
    const reply = readReply(message);
    await gateway.drain({ withinMs: 20 });
    expect((await reply).isComplete).toBe(false);
    expect((await reply).body.toString()).toContain('DRAINING');
    expect((await send(app, { target, body })).status).toBe(503);
  });
}
