/** A gateway under Hono on Node is the bare driver of `node:http`, as far as a client can tell. */

import { createGateway } from '@sluice/core';
import { demoKey, startSimulator } from '@sluice/simulator';
import { describeAdapter, rawRequest } from '@sluice/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { subject } from './subject.ts';

// `Request` reads its address as the URL standard wants it, before any handler is asked: see below.
describeAdapter({ ...subject, mendsTargets: true });

describe('what a Request does to an odd path, nothing of it outside the mount', () => {
  test.each([
    ['//v1beta/models', 404],
    ['/v1beta//models', 404],
    ['/v1beta/models/a%2Fb:generateContent', 404],
    ['/v1beta/models/%252e:generateContent', 404],
    ['/v1beta/models/%zz:generateContent', 400],
    ['/v1beta/models/%00:generateContent', 400],
    ['/v1beta/models#fragment', 400],
    ['/v1beta/../models', 404],
    ['/../v1beta/models', 404],
    ['/v1beta/%2e%2e/models', 404],
    // Refused by @hono/node-server itself, with an empty body.
    ['/v1beta\\models', 400],
    // Mended: it is the plain path.
    ['/./v1beta/models', 200],
    ['/x/%2e%2e/v1beta/models', 200],
  ])('%s is %i', async (path, status) => {
    const simulator = await startSimulator();
    const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
    const gateway = createGateway({ pools, callers: 'anyone' });
    const { origin, close } = await subject.mount([{ path: '/gemini', gateway }]);
    onTestFinished(async () => {
      await close();
      await gateway.close();
      await simulator.close();
    });
    const bytes = `GET /gemini${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`;
    expect((await rawRequest(Number(new URL(origin).port), bytes)).status).toBe(status);
    expect(simulator.journal.requests.map(({ target }) => target)).toEqual(status === 200 ? ['/v1beta/models'] : []);
  });
});
