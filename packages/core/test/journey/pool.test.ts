import type { KeyEvent } from '@sluice/core';
import { describeDrivers, read } from '@sluice/testkit';
import { expect, test } from 'vitest';

const three = {
  projects: [
    { id: 'spent', keys: ['spent-key-0001'], quota: { requestsPerDay: 1 } },
    { id: 'wrong', keys: ['wrong-key-0001'] },
    { id: 'good', keys: ['good-key-00001'] },
  ],
};

describeDrivers('a pool finds the key that works', (_driver, mount) => {
  test('one project exhausted, one key invalid, one good: the client sees 200, and the snapshot says the rest', async () => {
    const { ask, gateway, simulator } = await mount({ simulator: three });
    simulator.plan('wrong-key-0001', ['400-key-invalid']);
    simulator.plan('spent-key-0001', ['429-day']);
    for (let time = 0; time < 4; time++) {
      const answer = await read(await ask('generateContent'));
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain('-key-0');
    }
    const [spent, wrong, good] = gateway.snapshot().pools[0]?.projects ?? [];
    expect(spent?.cooling).toMatchObject([{ model: 'gemini-2.5-flash', state: 'cooling', reason: 'quota_day' }]);
    const hours = ((spent?.cooling[0]?.untilMs ?? 0) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(0);
    expect(hours).toBeLessThanOrEqual(25);
    expect(wrong?.keys).toMatchObject([{ id: 'wrong#1', state: 'disabled', reason: 'key_invalid', endedBy: 'probe' }]);
    expect(good?.keys).toMatchObject([{ state: 'ready', reason: null }]);
    const asked = simulator.journal.requests.map(({ key }) => key);
    expect(asked.filter((key) => key === 'good-key-00001')).toHaveLength(4);
    expect(asked.length).toBeLessThanOrEqual(6);
  });

  test('each change of a key is told once, by its id', async () => {
    const { ask, gateway, simulator } = await mount({ simulator: three });
    simulator.plan('*', ['403-leaked']);
    simulator.plan('good-key-00001', ['ok']);
    const told: KeyEvent[] = [];
    gateway.on('key', (event) => told.push(event));
    for (let time = 0; time < 3; time++) expect((await read(await ask('generateContent'))).status).toBe(200);
    expect(told.map(({ key, state, reason, untilMs }) => ({ key, state, reason, untilMs }))).toEqual([
      { key: 'spent#1', state: 'disabled', reason: 'key_leaked', untilMs: null },
      { key: 'wrong#1', state: 'disabled', reason: 'key_leaked', untilMs: null },
    ]);
    expect(JSON.stringify(told)).not.toContain('-key-0');
  });

  test('after a 429 each project is asked once, and the last refusal is shown with the wait that it means', async () => {
    const { ask, simulator } = await mount({ simulator: three });
    simulator.plan('*', ['429']);
    const answer = await read(await ask('generateContent'));
    expect(answer.status).toBe(429);
    expect(simulator.journal.requests.map(({ key }) => key).sort()).toEqual([
      'good-key-00001',
      'spent-key-0001',
      'wrong-key-0001',
    ]);
    expect(answer.headers.get('retry-after')).toBe('17');
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(JSON.parse(answer.text)).toMatchObject({
      error: { code: 429, status: 'RESOURCE_EXHAUSTED', details: expect.any(Array) },
    });

    const next = await read(await ask('generateContent'));
    expect(next.status).toBe(429);
    expect(JSON.parse(next.text)).toMatchObject({
      error: { details: [{ reason: 'QUOTA_EXHAUSTED' }, { retryDelay: expect.stringMatching(/^1[789]s$/) }] },
    });
    expect(simulator.journal.requests).toHaveLength(3);
  });

  test('a model that is out of quota leaves the other models alone', async () => {
    const { fetch, ask, simulator } = await mount({
      simulator: { projects: [{ id: 'one', keys: ['only-key-00001'] }] },
    });
    simulator.plan('*', ['429', 'ok']);
    expect((await read(await ask('generateContent'))).status).toBe(429);
    const other = await fetch('/v1beta/models/gemini-2.5-pro:generateContent', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"contents":[{"parts":[{"text":"hi"}]}]}',
    });
    expect((await read(other)).status).toBe(200);
  });

  test('OpenAI models have lanes and breakers of their own, though their names stand in the body', async () => {
    const { fetch, gateway, simulator } = await mount({
      simulator: { projects: [{ id: 'one', keys: ['only-key-00001'] }] },
      gateway: { retry: { maxAttempts: 1 }, breaker: { consecutiveFailures: 2, consecutiveSpanMs: 0 } },
    });
    const chat = async (model: string): Promise<number> => {
      const body = JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], model });
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      return (await read(await fetch('/v1beta/openai/chat/completions', init))).status;
    };
    simulator.plan('*', ['429-bare', '503', '503', 'ok']);
    expect(await chat('gemini-2.5-pro')).toBe(429);
    expect(await chat('gemini-2.5-flash-lite')).toBe(503);
    expect(await chat('gemini-2.5-flash-lite')).toBe(503);
    expect(await chat('gemini-2.5-flash')).toBe(200);
    expect((await read(await fetch('/v1beta/models'))).status).toBe(200);
    const { pools, breakers } = gateway.snapshot();
    expect(pools[0]?.projects[0]?.cooling).toMatchObject([{ model: 'gemini-2.5-pro' }]);
    expect(breakers).toMatchObject([{ target: expect.stringContaining('/gemini-2.5-flash-lite') }]);
  });

  test('what the provider says of our keys is not shown to the client', async () => {
    const { ask, simulator } = await mount({ simulator: three });
    simulator.plan('*', ['400-key-invalid']);
    const answer = await read(await ask('generateContent'));
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('NO_USABLE_KEY');
    expect(answer.text).not.toMatch(/API key not valid|-key-0/);
  });

  test('503 is asked again with the same key: other keys meet the same model', async () => {
    const { ask, simulator } = await mount({ simulator: three, gateway: { retry: { baseDelayMs: 1 } } });
    simulator.plan('*', ['503']);
    const answer = await read(await ask('generateContent'));
    expect(answer.status).toBe(503);
    expect(new Set(simulator.journal.requests.map(({ key }) => key)).size).toBe(1);
    expect(simulator.journal.requests).toHaveLength(3);
    expect(answer.headers.get('x-sluice-attempts')).toBe('3');
    expect(answer.headers.get('x-should-retry')).toBe('false');
  });

  test.each(['400', '404', '403-permission', '400-location'] as const)(
    "%s is the caller's own: one call, passed on, nobody blamed",
    async (step) => {
      const { ask, gateway, simulator } = await mount({ simulator: three });
      simulator.plan('*', [step]);
      const direct = await fetch(`${simulator.url}/v1beta/models/gemini-2.5-flash:generateContent`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-goog-api-key': 'good-key-00001' },
        body: '{}',
      });
      const answer = await read(await ask('generateContent'));
      expect(answer.status).toBe(direct.status);
      expect(answer.text).toBe(await direct.text());
      expect(simulator.journal.requests).toHaveLength(2);
      const { pools, breakers } = gateway.snapshot();
      expect(breakers).toEqual([]);
      for (const project of pools[0]?.projects ?? []) expect(project).toMatchObject({ state: 'ready', cooling: [] });
    },
  );

  test('a key that the provider repeats in an error does not come through', async () => {
    const { fetch, simulator } = await mount({ simulator: three });
    simulator.plan('*', [
      {
        status: 404,
        headers: [
          ['Content-Type', 'application/json'],
          ['X-Odd', 'good-key-00001'],
        ],
        chunks: [
          Buffer.from(
            '{"error":{"code":404,"message":"no good-key-00001, wrong-key-0001. nor AIzaSyA1234567890123456789012345678901","status":"NOT_FOUND"}}',
          ),
        ],
      },
    ]);
    const answer = await read(await fetch('/v1beta/models/x'));
    expect(answer.status).toBe(404);
    expect(answer.text).toBe('{"error":{"code":404,"message":"no [key], [key]. nor [key]","status":"NOT_FOUND"}}');
    expect(JSON.stringify([...answer.headers])).not.toMatch(/key-0000/);
  });

  test('the breaker opens on a model that keeps failing, and says when to come back', async () => {
    const { ask, gateway, simulator } = await mount({
      gateway: { retry: { maxAttempts: 1 }, breaker: { consecutiveFailures: 3, consecutiveSpanMs: 0 } },
    });
    simulator.plan('*', ['503']);
    for (let time = 0; time < 3; time++) expect((await read(await ask('generateContent'))).status).toBe(503);
    const refused = await read(await ask('generateContent'));
    expect(refused.text).toContain('CIRCUIT_OPEN');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(simulator.journal.requests).toHaveLength(3);
    expect(gateway.snapshot().breakers).toMatchObject([
      { state: 'open', target: expect.stringContaining('/gemini-2.5-flash') },
    ]);
  });
});
