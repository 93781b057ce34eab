import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { ask, provider, running, streamed, unary, withNext } from './running-next.ts';

withNext();

test.each(['/base/gemini', '/base/api/gemini', '/base/edge/gemini'])(
  'a client that leaves while the provider thinks is gone upstream, whatever was collected meanwhile (%s)',
  async (base) => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const { gateway, simulator } = await provider();
    const origin = await running(gateway);
    await (await ask(`${origin}${base}${unary}`)).text();
    simulator.plan('*', ['no-answer']);
    const leave = new AbortController();
    const answer = ask(`${origin}${base}${streamed}`, { signal: leave.signal }).catch(() => null);
    await eventually('the call is under way', () => simulator.journal.running === 1);
    for (let round = 0; round < 5; round++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    leave.abort();
    await eventually('the provider is left', () => simulator.journal.running === 0, 1_000);
    await answer;
    expect(gateway.snapshot().open).toBe(0);
  },
);
