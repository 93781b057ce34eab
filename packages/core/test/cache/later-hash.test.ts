import { describe, expect, test, vi } from 'vitest';

// The web's way: a hash comes later.
vi.mock('#platform', async () => await import('../../src/platform/web.ts'));

import { read } from '@sluice/testkit';
import { platform } from '../../src/platform/web.ts';
import { aBench } from '../gateway/a-gateway.ts';
import { callers, how, plain, unary } from './asking.ts';

describe('where a hash takes its time', () => {
  test('answers are kept, and calls shared, all the same', async () => {
    const { gateway, simulator } = await aBench({ options: { callers, cache: { ttlMs: 60_000, singleFlight: true } } });
    const headers = { 'content-type': 'application/json', 'x-goog-api-key': callers[0]?.key ?? '' };
    const ask = async (body: string) => how(await read(await gateway.fetch(unary, { method: 'POST', headers, body })));
    const body = JSON.stringify(plain);
    const answers = await Promise.all([ask(body), ask(` ${body} `), ask(body)]);
    expect(answers.sort()).toEqual(['200 miss 1', '200 shared 1', '200 shared 1']);
    expect(await ask(body)).toBe('200 hit 0');
    expect(await ask(`${body},`)).toMatch(/miss/);
    expect(simulator.journal.requests).toHaveLength(2);
  });

  test('bytes and a text have the same', async () => {
    expect(await platform.sha256(new TextEncoder().encode('käy'))).toBe(await platform.sha256('käy'));
  });
});
