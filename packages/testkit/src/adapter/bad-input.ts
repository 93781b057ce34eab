/** What a gateway refuses, it refuses in the same words in every framework. */

import { expect, test } from 'vitest';
import { expectAlike } from './answers.ts';
import { type Call, send } from './call.ts';
import { openStage } from './stage.ts';
import type { AdapterSuite } from './suite.ts';

const target = '/v1beta/models/gemini-2.5-flash:generateContent';
const body = '{"contents":[{"parts":[{"text":"hi"}]}]}';
const alice = 'a-key-of-alice-0123456789';
const signed = { 'x-goog-api-key': alice };
const maxBodyBytes = 64 * 1024;

/** Each with its status. None of them reaches the provider. */
const refused: readonly (readonly [what: string, status: number, call: Call])[] = [
  ['no credential', 401, { target, body }],
  ['an unknown credential', 401, { target, body, headers: { 'x-goog-api-key': 'nobody-knows-this-key' } }],
  ['two different credentials', 400, { target: `${target}?key=another-key-0123456789`, body, headers: signed }],
  ['an unknown path', 404, { target: '/nowhere', body, headers: signed }],
  ['the mount path itself', 404, { method: 'GET', target: '', headers: signed }],
  ['the mount path with a slash', 404, { method: 'GET', target: '/', headers: signed }],
  ['the mount path with a query', 404, { method: 'GET', target: '?a=b', headers: signed }],
  ['a method that the call does not know', 405, { method: 'DELETE', target, headers: signed }],
  ['a method that nobody knows', 405, { method: 'PROPFIND', target, headers: signed }],
  ['a method that came later', 405, { method: 'QUERY', target, headers: signed }],
  ['a body that says it is too large', 413, { target, body: 'x'.repeat(maxBodyBytes + 1), headers: signed }],
  ['a body that turns out too large', 413, { target, body: pieces(maxBodyBytes / 1024 + 1), headers: signed }],
  ['a body that is no JSON', 415, { target, body, headers: { ...signed, 'content-type': 'text/plain' } }],
  ['a type of media that is none', 415, { target, body, headers: { ...signed, 'content-type': 'application/json x' } }],
  ['a type of media without a name', 415, { target, body, headers: { ...signed, 'content-type': '' } }],
  ['a form', 415, { target, body: 'a=b', headers: { ...signed, 'content-type': 'application/x-www-form-urlencoded' } }],
  [
    'another alphabet',
    415,
    { target, body, headers: { ...signed, 'content-type': 'application/json; charset=utf-16' } },
  ],
  ['another compression', 415, { target, body, headers: { ...signed, 'content-encoding': 'br' } }],
];

/** Paths that a URL parser would turn into others. */
const oddPaths: readonly (readonly [target: string, status: number])[] = [
  ['//v1beta/models', 404],
  ['/v1beta//models', 404],
  ['/v1beta/../models', 404],
  ['/./v1beta/models', 404],
  ['/v1beta/%2e%2e/models', 404],
  ['/v1beta/models/a%2Fb:generateContent', 404],
  ['/v1beta/models/%252e:generateContent', 404],
  ['/v1beta/models/%zz:generateContent', 400],
  ['/v1beta/models/%00:generateContent', 400],
  ['/v1beta\\models', 400],
  ['/v1beta/models#fragment', 400],
  [`/v1beta/models/${'x'.repeat(129)}:generateContent`, 404],
];

export function refusesAlike({ subject, takeDown }: AdapterSuite): void {
  const gateway = { callers: [{ id: 'alice', key: alice }], server: { maxBodyBytes } };

  test.each(refused)('%s is %i, in the words of node:http, and nothing goes up', async (what, status, call) => {
    const stage = await openStage(subject, { gateway }, takeDown);
    const own = subject.ownAnswers?.[what];
    if (own !== undefined) {
      const { pathname } = new URL(stage.app);
      expect((await send(stage.app, { ...call, target: pathname + call.target })).status).toBe(own);
      expect(stage.simulator.journal.requests).toEqual([]);
      return;
    }
    const { app } = await expectAlike(stage, call, subject.ownHeaders);
    expect(app.status).toBe(status);
    expect(JSON.parse(app.body.toString())).toMatchObject({ error: { code: status } });
    expect(stage.simulator.journal.requests).toEqual([]);
  });

  test.each(oddPaths)('the odd path %s is %i, and nothing goes up', async (path, status) => {
    const stage = await openStage(subject, { gateway: { ...gateway, callers: 'anyone' } }, takeDown);
    if (subject.mendsTargets) return;
    const call = { method: 'GET', target: path };
    const isOwn = subject.ownRefusals?.includes(path) === true;
    const app = isOwn
      ? await send(stage.app, { ...call, target: new URL(stage.app).pathname + path })
      : (await expectAlike(stage, call, subject.ownHeaders)).app;
    expect(app.status).toBe(status);
    expect(stage.simulator.journal.requests).toEqual([]);
  });

  test.each(['{"contents": [', '', 'null', '\u0000'])(
    'malformed JSON (%j) is for the provider to refuse',
    async (text) => {
      const stage = await openStage(subject, { gateway }, takeDown);
      const call = { target, body: text, headers: { ...signed, 'content-type': 'application/json' } };
      const { app } = await expectAlike(stage, call, subject.ownHeaders);
      expect(app.status).toBe(400);
      expect(stage.simulator.journal.requests.map((request) => Buffer.from(request.body).toString())).toEqual([
        text,
        text,
      ]);
    },
  );

  test('credentials of the client stay here, one of ours goes up', async () => {
    const stage = await openStage(subject, { gateway }, takeDown);
    const headers = { ...signed, cookie: 'session=canary', authorization: `Bearer ${alice}` };
    await expectAlike(stage, { target: `${target}?key=${alice}`, body, headers }, subject.ownHeaders);
    for (const { rawHeaders, target: sent } of stage.simulator.journal.requests) {
      expect(JSON.stringify([sent, rawHeaders])).not.toMatch(/a-key-of-alice|canary/);
    }
    expect(stage.simulator.journal.requests).toHaveLength(2);
  });
}

function pieces(count: number): Buffer[] {
  return Array.from({ length: count }, () => Buffer.alloc(1024, 'x'));
}
