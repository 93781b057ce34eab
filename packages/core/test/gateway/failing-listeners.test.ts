/** A listener that fails is its owner's to mend; nobody else hears of it, and the process goes on. */

import { eventually } from '@sluice/testkit';
import { afterEach, expect, test } from 'vitest';
import { aBench, ask } from './a-gateway.ts';

const warnings: (Error & { detail?: string })[] = [];
const hear = (warning: Error): void => void (warning.name === 'SluiceWarning' && warnings.push(warning));
afterEach(() => {
  process.off('warning', hear);
  warnings.length = 0;
});

test.each<[how: string, fail: () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('no metrics today');
    },
  ],
  ['rejects', async () => Promise.reject(new Error('no metrics today'))],
])(
  'requests are answered while a listener %s at each of them, and it is one warning of the process',
  async (_, fail) => {
    process.on('warning', hear);
    const { gateway } = await aBench();
    const heard: number[] = [];
    gateway.on('attempt', fail);
    gateway.on('request', fail);
    gateway.on('request', ({ status }) => heard.push(status));
    for (let time = 0; time < 3; time++) expect((await ask(gateway)).status).toBe(200);
    await eventually('the warning', () => warnings.length > 0);
    expect(heard).toEqual([200, 200, 200]);
    expect(warnings.map(({ message }) => message)).toEqual([
      'A listener of the event "attempt" has failed. Requests go on; this is told once for each listener.',
    ]);
    expect(warnings[0]?.detail).toMatch(/^Error: no metrics today\n\s+at .*failing-listeners/);
  },
);
