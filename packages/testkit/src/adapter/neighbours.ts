/** Gateways in one app do not know each other, and neither do the requests inside one. */

import { demoKey, startSimulator } from '@sluice/simulator';
import { expect, test } from 'vitest';
import { calls } from './answers.ts';
import { send } from './call.ts';
import { openApp, openGateway, openStage } from './stage.ts';
import type { AdapterSuite } from './suite.ts';

const target = '/v1beta/models/gemini-2.5-flash:generateContent';
const body = '{"contents":[{"parts":[{"text":"hi"}]}]}';
const callers = { alice: 'a-key-of-alice-0123456789', bob: 'a-key-of-bob-0123456789' };

export function livesWithNeighbours({ subject, takeDown }: AdapterSuite): void {
  test('two gateways in one app have their own callers, keys and ends', async () => {
    const projects = [{ id: 'one', keys: [demoKey] }];
    const [first, second] = [await startSimulator({ projects }), await startSimulator({ projects })];
    takeDown.push(async () => void (await Promise.all([first.close(), second.close()])));
    const alices = openGateway(first, { callers: [{ id: 'alice', key: callers.alice }] }, takeDown);
    const bobs = openGateway(second, { callers: [{ id: 'bob', key: callers.bob }] }, takeDown);
    const mounts = [
      { path: '/one', gateway: alices },
      { path: '/one-more', gateway: bobs },
    ];
    const origin = await openApp(subject, mounts, takeDown);
    const ask = async (path: string, key: string): Promise<number> =>
      (await send(origin, { target: path + target, body, headers: { 'x-goog-api-key': key } })).status;

    expect(await ask('/one', callers.alice)).toBe(200);
    expect(await ask('/one-more', callers.bob)).toBe(200);
    expect(await ask('/one', callers.bob)).toBe(401);
    expect(await ask('/one-more', callers.alice)).toBe(401);
    expect([first.journal.requests.length, second.journal.requests.length]).toEqual([1, 1]);
    await alices.drain({ withinMs: 0 });
    expect([await ask('/one', callers.alice), await ask('/one-more', callers.bob)]).toEqual([503, 200]);
  });

  test('many at once get each their own answer', async () => {
    const answer = (prompt: string): string => `You said ${prompt}.`;
    const { app } = await openStage(subject, { simulator: { answer } }, takeDown);
    const path = new URL(app).pathname;
    const asked = Array.from({ length: 40 }, (_, index) => `number ${index} of forty`);
    const replies = await Promise.all(
      asked.map((text, index) => {
        const [, call] = calls[index % 2] as (typeof calls)[number];
        return send(app, { target: path + call.target, body: JSON.stringify({ contents: [{ parts: [{ text }] }] }) });
      }),
    );
    for (const [index, reply] of replies.entries()) {
      expect(reply.isComplete).toBe(true);
      expect(textOf(reply.body.toString())).toBe(`You said ${asked[index]}.`);
    }
  });
}

/** All text of an answer, whole or in events. */
function textOf(answer: string): string {
  return [...answer.matchAll(/"text": ?"([^"]*)"/g)].map(([, text]) => text).join('');
}
