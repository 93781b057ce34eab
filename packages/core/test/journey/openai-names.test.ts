/** Whole names where ids stand, as the OpenAI endpoint lists them: they lead home, and nobody else there. */

import { describeDrivers } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, bob, call, homeOf, keyOf, settleAt, threeProjects, upload } from './two-callers.ts';

describeDrivers('a name with an encoded slash', (_driver, mount) => {
  test('of a model is asked for as it came', async () => {
    const mounted = await mount(threeProjects);
    const target = '/v1beta/openai/models/models%2Fgemini-2.5-flash';
    const { status, text } = await call(mounted, alice, target);
    expect([status, JSON.parse(text).id]).toEqual([200, 'models/gemini-2.5-flash']);
    expect(mounted.simulator.journal.requests.at(-1)?.target).toBe(target);
  });

  test('of a file goes to its project for its maker, and nowhere for others', async () => {
    const mounted = await mount(threeProjects);
    await settleAt(mounted, alice, 'two');
    const { name } = await upload(mounted, alice);
    await settleAt(mounted, alice, 'three');
    expect(homeOf(mounted, name)).toBe('two');
    const target = `/v1beta/openai/files/${encodeURIComponent(name)}`;
    await call(mounted, alice, target);
    const { requests } = mounted.simulator.journal;
    expect(requests.at(-1)).toMatchObject({ target, key: keyOf.two });
    const before = requests.length;
    for (const method of ['GET', 'DELETE']) {
      const { status, text } = await call(mounted, bob, target, undefined, method);
      expect([status, text]).toEqual([404, expect.stringContaining(`There is no ${name} here, or it is not yours.`)]);
    }
    expect(requests).toHaveLength(before);
  });
});
