/** What is newer than the gateway: it passes on the caller's project, and what it makes is the caller's. */

import { describeDrivers, type Mounted, type ReadAnswer } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, bob, call, keyOf, projects, settleAt, threeProjects } from '../journey/two-callers.ts';
import { picture, playTomorrow } from './api-of-tomorrow.ts';

describeDrivers('an API that nobody here has heard of', (_driver, mount) => {
  test('passes on one project for each caller, with a key of ours and nothing of the caller’s', async () => {
    const mounted = await mount(threeProjects);
    playTomorrow(mounted);
    const targets: readonly (readonly [string, string, object?])[] = [
      ['POST', '/v3/sketches', { prompt: 'x' }],
      ['POST', '/v3/sketches:draw?style=ink&key=ignored-by-nobody', { prompt: 'x' }],
      ['PUT', '/v9/sketches', { prompt: 'x' }],
      ['GET', '/v1beta/sketches'],
    ];
    await settleAt(mounted, alice, 'two');
    for (const [method, target, body] of targets) {
      const asked = target.replace('ignored-by-nobody', alice);
      expect((await call(mounted, alice, asked, body, method)).status, asked).toBe(200);
    }
    const sent = mounted.simulator.journal.requests.filter(({ target }) => target.includes('sketches'));
    expect(new Set(sent.filter(({ method }) => method !== 'GET').map(({ key }) => key))).toEqual(new Set([keyOf.two]));
    expect(JSON.stringify(sent.map(({ headers, target }) => [headers, target]))).not.toContain(alice);
    expect(sent[1]?.target).toBe('/v3/sketches:draw?style=ink');
  });

  test.each([
    ['made in a collection', 'POST', '/v3/sketches'],
    ['made by a verb of it', 'POST', '/v3/sketches:draw'],
    ['made by PUT', 'PUT', '/v7alpha/sketches'],
  ])('what is %s is found again in every version, and nobody else’s', async (_what, method, target) => {
    const mounted = await mount(threeProjects);
    playTomorrow(mounted);
    await settleAt(mounted, alice, 'two');
    const { name } = bodyOf(await call(mounted, alice, target, { prompt: 'x' }, method)) as { name: string };
    await settleAt(mounted, alice, 'one');
    await settleAt(mounted, bob, 'two');
    for (const version of ['v3', 'v1beta', 'v4']) {
      expect(bodyOf(await call(mounted, alice, `/${version}/${name}`))).toMatchObject({ name, at: 'two' });
      await isNobodys(mounted, bob, `/${version}/${name}`);
    }
    await isNobodys(mounted, bob, `/v3/${name}`, 'PATCH', {});
    await isNobodys(mounted, bob, `/v3/${name}`, 'DELETE');
    await isNobodys(mounted, bob, `/v3/${name}:copy`, 'POST', {});
    await isNobodys(mounted, bob, `/v3/${name}/layers`, 'POST', {});
    expect((await call(mounted, bob, '/v3/sketches')).text).not.toContain(name);
  });

  test('names inside of answers are learnt too: copies, files of a PATCH and of a GET, what lies in a thing', async () => {
    const mounted = await mount(threeProjects);
    playTomorrow(mounted);
    await settleAt(mounted, alice, 'three');
    const { name } = bodyOf(await call(mounted, alice, '/v3/sketches', {})) as { name: string };
    const copied = bodyOf(await call(mounted, alice, `/v3/${name}:copy`, {})) as {
      copies: { sketch: { name: string } }[];
    };
    await settleAt(mounted, alice, 'one');
    for (const { sketch } of copied.copies) {
      expect(bodyOf(await call(mounted, alice, `/v3/${sketch.name}`))).toMatchObject({ at: 'three' });
      await isNobodys(mounted, bob, `/v3/${sketch.name}`);
    }
    const layer = bodyOf(await call(mounted, alice, `/v3/${name}/layers`, {})) as { name: string };
    expect((await call(mounted, alice, `/v3/${layer.name}`)).status).toBe(200);
    await isNobodys(mounted, bob, `/v3/${layer.name}`);
    await call(mounted, alice, `/v3/${name}`, {}, 'PATCH');
    for (const file of ['files/patched-in-three', 'files/read-in-three']) {
      await isNobodys(mounted, bob, `/v1beta/${file}`);
      // It is known where it lies, so only that project is asked, and says for itself that it has no such file.
      const before = mounted.simulator.journal.requests.length;
      await call(mounted, alice, `/v1beta/${file}`);
      expect(mounted.simulator.journal.requests.slice(before).map(({ key }) => key)).toEqual([keyOf.three]);
    }
    // What a request gave is not what came of it.
    expect((await call(mounted, bob, '/v1beta/files/given')).text).toContain('There is no files/given here');
    const searched = mounted.simulator.journal.requests.slice(-3).map(({ key }) => key);
    expect(new Set(searched)).toEqual(new Set(Object.values(keyOf)));
  });

  test('what is deleted is forgotten', async () => {
    const mounted = await mount(threeProjects);
    const shelves = playTomorrow(mounted);
    await settleAt(mounted, alice, 'two');
    const { name } = bodyOf(await call(mounted, alice, '/v3/sketches', {})) as { name: string };
    expect((await call(mounted, alice, `/v3/${name}`, undefined, 'DELETE')).status).toBe(200);
    expect(shelves.two).toEqual([]);
    // From here on it is like what never was: it goes where its caller's things go, and the provider answers.
    const gone = await call(mounted, alice, `/v3/${name}`);
    expect([gone.status, gone.text.includes('sluice')]).toEqual([404, false]);
  });

  test('an answer of events passes as it comes, and what it names is its caller’s when it is seen', async () => {
    const mounted = await mount(threeProjects);
    playTomorrow(mounted);
    await settleAt(mounted, alice, 'two');
    const { name } = bodyOf(await call(mounted, alice, '/v3/sketches', {})) as { name: string };
    const answer = await call(mounted, alice, `/v3/${name}:follow?alt=sse`, {});
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const [, told = ''] = /"name":"(sketches\/[^"]+)"/.exec(answer.text) ?? [];
    expect(answer.text).toMatch(/^data: {"step":1}\n\ndata: {"done":.*}\n\n$/);
    await settleAt(mounted, alice, 'one');
    expect(bodyOf(await call(mounted, alice, `/v3/${told}`))).toMatchObject({ at: 'two' });
    await isNobodys(mounted, bob, `/v3/${told}`);
    await isNobodys(mounted, bob, '/v1beta/files/streamed-in-two');
  });

  test('an answer of bytes passes byte for byte', async () => {
    const mounted = await mount(threeProjects);
    playTomorrow(mounted);
    const { name } = bodyOf(await call(mounted, alice, '/v3/sketches', {})) as { name: string };
    const answer = await call(mounted, alice, `/v3/${name}:export`, {});
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(Buffer.compare(answer.body, picture)).toBe(0);
  });

  test('its lists go over all projects, page by page, and show one’s own', async () => {
    const mounted = await mount(threeProjects);
    playTomorrow(mounted);
    const mine: string[] = [];
    for (const home of projects) {
      for (const who of [alice, bob, alice]) {
        await settleAt(mounted, who, home);
        const { name } = bodyOf(await call(mounted, who, '/v3/sketches', {})) as { name: string };
        if (who === alice) mine.push(name);
      }
    }
    for (const pageSize of [null, 1, 2, 4, 100]) {
      const { names, pages } = await readAll(mounted, alice, pageSize);
      expect(names.toSorted()).toEqual(mine.toSorted());
      for (const page of pages) expect(page.length).toBeLessThanOrEqual(pageSize ?? 100);
      for (const page of pages) expect(page.length).toBeGreaterThan(0);
    }
    const whole = await call(mounted, alice, '/v3/sketches');
    expect(whole.headers.get('x-sluice-attempts')).toBe('3');
    const first = await call(mounted, alice, '/v3/sketches?pageSize=1');
    const { nextPageToken } = bodyOf(first) as { nextPageToken: string };
    expect(Buffer.from(nextPageToken, 'base64url').toString('latin1')).not.toMatch(/one|two|three|at-/);
    const stolen = await call(mounted, bob, `/v3/sketches?pageToken=${nextPageToken}`);
    expect([stolen.status, stolen.text.includes('INVALID_REQUEST')]).toEqual([400, true]);
  });

  test('its lists do not break with a project, and are not short in silence', async () => {
    const mounted = await mount(threeProjects);
    playTomorrow(mounted);
    for (const home of projects) {
      await settleAt(mounted, alice, home);
      await call(mounted, alice, '/v3/sketches', {});
    }
    await settleAt(mounted, alice, 'one');
    await mounted.gateway.pools.gemini?.disable('two#1', 'a test');
    const short = await readAll(mounted, alice, 1);
    expect(short.names).toHaveLength(2);
    const whole = await call(mounted, alice, '/v3/sketches');
    expect([whole.status, whole.headers.get('x-sluice-left-out')]).toEqual([200, '1']);
    await mounted.gateway.pools.gemini?.enable('two#1');
    mounted.simulator.plan(keyOf.two as string, ['503']);
    const first = await call(mounted, alice, '/v3/sketches');
    const { sketches, nextPageToken } = bodyOf(first) as { sketches: object[]; nextPageToken: string };
    expect(sketches).toHaveLength(2);
    expect((await call(mounted, alice, `/v3/sketches?pageToken=${nextPageToken}`)).status).toBe(503);
  });

  test('what is no list stays as it came', async () => {
    const mounted = await mount(threeProjects);
    const body = '{ "limits": [ {"of": "sketches"} ],  "plan": "free" }';
    const headers = [['content-type', 'application/json']] as const;
    mounted.simulator.plan('*', [{ status: 200, headers, chunks: [Buffer.from(body)] }]);
    const answer = await call(mounted, alice, '/v3/standing');
    expect([answer.text, mounted.simulator.journal.requests.length]).toEqual([body, 1]);
    const bytes = [['content-type', 'image/png']] as const;
    mounted.simulator.plan('*', [{ status: 200, headers: bytes, chunks: [picture] }]);
    expect(Buffer.compare((await call(mounted, alice, '/v3/logo')).body, picture)).toBe(0);
  });
});

/** To this caller it is what never was: the gateway says so, and nothing goes up. */
async function isNobodys(mounted: Mounted, key: string, target: string, method = 'GET', body?: object): Promise<void> {
  const before = mounted.simulator.journal.requests.length;
  const { status, text } = await call(mounted, key, target, body, method);
  expect([status, text.includes('or it is not yours')], `${method} ${target}`).toEqual([404, true]);
  expect(mounted.simulator.journal.requests.length, target).toBe(before);
}

async function readAll(
  mounted: Mounted,
  key: string,
  pageSize: number | null,
): Promise<{ names: string[]; pages: string[][] }> {
  const pages: string[][] = [];
  for (let token = ''; ; ) {
    const size = pageSize === null ? '' : `pageSize=${pageSize}&`;
    const answer = await call(mounted, key, `/v3/sketches?${size}pageToken=${token}`);
    expect(answer.status, answer.text).toBe(200);
    const { sketches = [], nextPageToken } = bodyOf(answer) as {
      sketches?: { name: string }[];
      nextPageToken?: string;
    };
    pages.push(sketches.map(({ name }) => name));
    if (nextPageToken === undefined) return { names: pages.flat(), pages };
    token = nextPageToken;
  }
}

function bodyOf({ status, text }: ReadAnswer): unknown {
  expect(status, text).toBe(200);
  return JSON.parse(text);
}
