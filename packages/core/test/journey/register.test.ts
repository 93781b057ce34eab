/** `files:register`: the one call that a caller signs too, for a bucket of its own. */

import { describeDrivers, type Mounted, type ReadAnswer, read } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, bob, call, clientOf, filesIn, homeOf, keyOf, threeProjects, upload } from './two-callers.ts';

const token = 'Bearer ya29.canary-oauth-token_0001';
const uris = { uris: ['gs://bucket/one.txt', 'gs://bucket/two.txt'] };
const model = '/v1beta/models/gemini-2.5-flash';

describeDrivers('files in a bucket', (_driver, mount) => {
  test('are registered with the caller’s token beside one key, at the caller’s home, and are the caller’s', async () => {
    const mounted = await mount(threeProjects);
    const uploaded = await upload(mounted, alice);
    const answer = await register(mounted, { 'x-goog-api-key': alice, authorization: token });
    expect(answer.status, answer.text).toBe(200);
    const { files } = JSON.parse(answer.text) as { files: { name: string; uri: string }[] };
    expect(files.map(({ name }) => homeOf(mounted, name))).toEqual(files.map(() => homeOf(mounted, uploaded.name)));
    const { headers } = mounted.simulator.journal.requests.at(-1) as { headers: Record<string, string> };
    expect(headers.authorization).toBe(token);
    expect(Object.values(keyOf)).toContain(headers['x-goog-api-key']);
    expect(headers['x-goog-user-project']).toBeUndefined();
    const together = [uploaded.uri, ...files.map(({ uri }) => uri)];
    expect((await call(mounted, alice, `${model}:generateContent`, filesIn('Compare.', together))).status).toBe(200);
    for (const { name } of files) expect((await call(mounted, bob, `/v1beta/${name}`)).status).toBe(404);
  });

  test('are registered by the SDK, with the fields of its GoogleAuth', async () => {
    const mounted = await mount(threeProjects);
    const auth = { getRequestHeaders: async () => ({ Authorization: token, 'x-goog-user-project': 'callers-own' }) };
    const { files = [] } = await clientOf(mounted, alice).files.registerFiles({ auth, uris: uris.uris } as never);
    expect(files).toHaveLength(2);
    const listed = await call(mounted, alice, '/v1beta/files');
    for (const { name } of files) expect(listed.text).toContain(name);
    expect((await call(mounted, bob, '/v1beta/files')).text).toBe('{}\n');
  });

  test('the caller may sign by ?key= as well, and a token alone is no caller', async () => {
    const mounted = await mount(threeProjects);
    const byParameter = await register(mounted, { authorization: token }, `/v1/files:register?key=${alice}`);
    expect(byParameter.status, byParameter.text).toBe(200);
    expect((await register(mounted, { authorization: token })).status).toBe(401);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
  });

  test('a token is not passed on with any other call, and nothing but a token is passed on with this one', async () => {
    const mounted = await mount(threeProjects);
    const both = { 'x-goog-api-key': alice, authorization: token };
    for (const target of ['/v1beta/files', '/v1beta/files:other', '/v1beta/cachedContents:register']) {
      expect((await register(mounted, both, target)).status).toBe(400);
    }
    expect((await register(mounted, { 'x-goog-api-key': alice, authorization: `Bearer ${bob}` })).status).toBe(400);
    expect(mounted.simulator.journal.requests).toHaveLength(0);
    const same = await register(mounted, { 'x-goog-api-key': alice, authorization: `Bearer ${alice}` });
    expect(same.status).toBe(401);
    expect(mounted.simulator.journal.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  test.each(['401', '403-leaked', '403-permission', '400-key-invalid'])(
    'what the provider says of the two signatures (%s) puts no key away, and is not asked again',
    async (step) => {
      const mounted = await mount(threeProjects);
      mounted.simulator.plan('*', [step as '401']);
      const answer = await register(mounted, { 'x-goog-api-key': alice, authorization: token });
      expect(answer.status).toBe(Number(step.slice(0, 3)));
      expect(mounted.simulator.journal.requests).toHaveLength(1);
      const states = mounted.gateway
        .snapshot()
        .pools[0]?.projects.flatMap(({ state, keys }) => [state, ...keys.map((key) => key.state)]);
      expect(new Set(states)).toEqual(new Set(['ready']));
      expect(answer.text).not.toContain('canary');
    },
  );

  test('where everybody may call, the token alone is enough', async () => {
    const mounted = await mount({ ...threeProjects, gateway: { callers: 'anyone' } });
    expect((await register(mounted, { authorization: token })).status).toBe(200);
  });
});

async function register(
  { fetch }: Mounted,
  headers: Record<string, string>,
  target = '/v1beta/files:register',
): Promise<ReadAnswer> {
  const all = { 'content-type': 'application/json', 'x-goog-user-project': 'callers-own', ...headers };
  return read(await fetch(target, { method: 'POST', headers: all, body: JSON.stringify(uris) }));
}
