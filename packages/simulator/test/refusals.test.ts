import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, expect, test } from 'vitest';
import { calls } from './calls.ts';

const simulator = await startSimulator();
afterAll(() => simulator.close());

const body = calls.whole.body ?? '';
const path = '/v1beta/models/gemini-2.5-flash:generateContent';
const chat = '/v1beta/openai/chat/completions';
const chatBody = calls.chat.body ?? '';

async function refused(target: string, headers: Record<string, string>, sent = body): Promise<[number, unknown]> {
  const answer = await fetch(simulator.url + target, { method: 'POST', headers, body: sent });
  return [answer.status, await answer.json()];
}

const error = (code: number, status: string, message: unknown) => ({
  error: expect.objectContaining({ code, status, message }),
});

test('nobody is let in without a credential', async () => {
  const [status, answer] = await refused(path, {});
  expect(status).toBe(403);
  expect(answer).toEqual(
    error(403, 'PERMISSION_DENIED', expect.stringContaining("doesn't allow unregistered callers")),
  );
});

test.each([
  ['header and query', `${path}?key=${demoKey}`, { 'x-goog-api-key': demoKey }, body],
  ['query twice', `${path}?key=${demoKey}&key=${demoKey}`, {}, body],
  ['header and bearer', path, { 'x-goog-api-key': demoKey, authorization: `Bearer ${demoKey}` }, body],
  ['key and access token', `${path}?access_token=x`, { 'x-goog-api-key': demoKey }, body],
])('two credentials are one too many: %s', async (_, target, headers, sent) => {
  const message = 'Multiple authentication credentials received. Please pass only one.';
  expect(await refused(target, headers, sent)).toEqual([400, error(400, 'INVALID_ARGUMENT', message)]);
});

test('on OpenAI paths the refusal stands in a list', async () => {
  const headers = { 'x-goog-api-key': demoKey, authorization: `Bearer ${demoKey}` };
  const [status, answer] = await refused(chat, headers, chatBody);
  expect([status, answer]).toEqual([400, [error(400, 'INVALID_ARGUMENT', expect.stringContaining('Multiple'))]]);
});

test('an unknown key is refused with a body that repeats it', async () => {
  const [status, answer] = await refused(path, { 'x-goog-api-key': 'wrong-key-1234' });
  expect(status).toBe(400);
  expect(answer).toMatchObject({
    error: {
      message: 'API key not valid. Please pass a valid API key.',
      details: [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
        { '@type': 'type.googleapis.com/google.rpc.LocalizedMessage' },
        { '@type': 'type.googleapis.com/google.rpc.DebugInfo', detail: 'Invalid API key: wrong-key-1234' },
      ],
    },
  });
});

test('a key as a bearer token is good on OpenAI paths only', async () => {
  const headers = { authorization: `Bearer ${demoKey}` };
  expect((await refused(chat, headers, chatBody))[0]).toBe(200);
  expect(await refused(path, headers)).toEqual([401, error(401, 'UNAUTHENTICATED', expect.any(String))]);
});

test.each([
  ['{"contents": [', 'Invalid JSON payload received. Unexpected end of string.\n{"contents": [\n              ^'],
  ['{"contents": nope}', 'Invalid JSON payload received. Unexpected token.\n'],
  ['[]', 'Invalid JSON payload received. Unknown name "": Root element must be a message.'],
])('a malformed body is refused: %s', async (sent, message) => {
  const [status, answer] = await refused(path, { 'x-goog-api-key': demoKey }, sent);
  expect(status).toBe(400);
  expect(answer).toEqual(error(400, 'INVALID_ARGUMENT', expect.stringContaining(message)));
  expect(answer).toMatchObject({ error: { details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest' }] } });
});

test('a question without contents is refused', async () => {
  const message = '* GenerateContentRequest.contents: contents is not specified\n';
  expect(await refused(path, { 'x-goog-api-key': demoKey }, '{}')).toEqual([
    400,
    error(400, 'INVALID_ARGUMENT', message),
  ]);
});

test.each([
  ['/v1beta/models/custom-model:generateContent', 'custom-model', 'v1beta', 'generateContent'],
  ['/v1/models/custom-model:streamGenerateContent?alt=sse', 'custom-model', 'v1', 'generateContent'],
  ['/v1beta/models/gemini-embedding-001:generateContent', 'gemini-embedding-001', 'v1beta', 'generateContent'],
  ['/v1beta/models/gemini-2.5-flash:embedContent', 'gemini-2.5-flash', 'v1beta', 'embedContent'],
])('a model that does not exist or cannot do that is not found: %s', async (target, model, version, method) => {
  const message = `models/${model} is not found for API version ${version}, or is not supported for ${method}. Call ListModels to see the list of available models and their supported methods.`;
  expect(await refused(target, { 'x-goog-api-key': demoKey })).toEqual([404, error(404, 'NOT_FOUND', message)]);
});

test('a refused stream is typed as a stream although it is plain JSON, or a list of one', async () => {
  const ask = (verb: string) =>
    fetch(`${simulator.url}/v1beta/models/custom-model:${verb}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': demoKey },
      body,
    });
  const sse = await ask('streamGenerateContent?alt=sse');
  expect(sse.headers.get('content-type')).toBe('text/event-stream');
  expect(sse.headers.get('content-encoding')).toBeNull();
  expect(await sse.text()).toMatch(/^\{\n {2}"error": \{\n {4}"code": 404,\n {4}"message": "models/);
  const array = await ask('streamGenerateContent');
  expect(array.headers.get('content-type')).toBe('application/json; charset=UTF-8');
  expect(await array.json()).toEqual([error(404, 'NOT_FOUND', expect.any(String))]);
});

test.each(['/v1beta/models/gemini-2.5-flash:dance', '/nowhere', '/beta/models', '/v1beta/models/%ff'])(
  'a path that nothing listens to gets the 404 page of the front end: %s',
  async (target) => {
    const answer = await fetch(simulator.url + target, {
      method: 'POST',
      headers: { 'x-goog-api-key': demoKey },
      body,
    });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=UTF-8');
  },
);
