/** Going down with a thousand streams open: each ends by its marker or by an error, and none as if it were whole. */

import { afterEach, expect, test } from 'vitest';
import { googleError, RawConnection, raw } from './raw-http.ts';
import { type ProxyProcess, startProxy } from './running-proxy.ts';
import { post, prompt, streamPath, unaryPath, upstream } from './upstream.ts';

const streams = 1_000;
const drainMs = 3_000;
/** A busy machine that runs tests would refuse at random. */
const off = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };
const chatPath = '/v1beta/openai/chat/completions';
const arrayPath = '/v1beta/models/gemini-2.5-flash:streamGenerateContent';
const chat = JSON.stringify({
  model: 'gemini-2.5-flash',
  stream: true,
  messages: [{ role: 'user', content: 'Say something.' }],
});

/** How streams are asked for: an answer to each begins with `begins`, ends with `marker`, or says `error`. */
const forms = [
  { path: streamPath, body: prompt, begins: 'data: ', marker: '"STOP"', error: '"DRAINING"' },
  { path: arrayPath, body: prompt, begins: '"candidates"', marker: '"STOP"', error: '"DRAINING"' },
  { path: chatPath, body: chat, begins: 'data: ', marker: '[DONE]', error: '"type":"draining"' },
] as const;

/** What the provider plays for a stream, and whether its client reads: one in forty does not. */
type Kind = 'slow-stream' | 'stall-mid-stream' | 'endless-stream';

/** Those that will finish come last, so that some of them run when the signal comes. */
function kindOf(index: number): Kind {
  if (index % 40 === 39) return 'endless-stream';
  return index < streams / 2 ? 'stall-mid-stream' : 'slow-stream';
}

const up = upstream();
let proxy: ProxyProcess | undefined;
const open: Stream[] = [];

afterEach(async () => {
  for (const { connection } of open.splice(0)) connection.close();
  await proxy?.stop();
});

interface Stream {
  readonly connection: RawConnection;
  readonly form: (typeof forms)[number];
  readonly kind: Kind;
}

test(`with ${streams} streams open, each is told how it ends, and the process leaves with 0 in time`, {
  timeout: 120_000,
}, async () => {
  proxy = await startProxy({ env: up.env, config: { server: { drainMs }, log: { requests: 'none' }, overload: off } });
  for (let batch = 0; batch < streams; batch += 100) {
    const begun = Array.from({ length: 100 }, (_, at) => begin(batch + at));
    await Promise.all(begun);
  }
  const running = open.filter(({ connection: { text }, form }) => !text.includes(form.marker)).length;
  expect(running).toBeGreaterThan(streams / 2);

  const signalAtMs = performance.now();
  proxy.signal('SIGTERM');
  await proxy.line(({ msg }) => msg === 'draining');
  const refused = await raw(proxy.port, post(unaryPath), prompt);
  expect([refused.status, googleError(refused.body).reason]).toEqual([503, 'DRAINING']);

  expect(await proxy.exit).toBe(0);
  // The claim is drainMs + 2 s; on a machine that runs other tests as well it may be more.
  expect(performance.now() - signalAtMs).toBeLessThan(drainMs + 10_000);
  for (const { connection, kind } of open) if (kind === 'endless-stream') connection.socket.resume();
  await Promise.all(open.map(({ connection }) => connection.closed));

  const ends: Record<string, number> = {};
  for (const stream of open) {
    const end = `${stream.kind}: ${endOf(stream)}`;
    ends[end] = (ends[end] ?? 0) + 1;
  }
  // Who does not read cannot be told, but what is there once it reads again shows that it is not whole.
  const count = (kind: Kind): number => open.filter((one) => one.kind === kind).length;
  expect(ends).toEqual({
    'slow-stream: marker': count('slow-stream'),
    'stall-mid-stream: error': count('stall-mid-stream'),
    'endless-stream: cut': count('endless-stream'),
  });
});

async function begin(index: number): Promise<void> {
  const form = forms[index % forms.length] as (typeof forms)[number];
  const kind = kindOf(index);
  const more = [`x-simulator-plan: ${kind}`, `x-simulator-run: ${index}`];
  const lines = post(form.path, { length: form.body.length, more }).filter((line) => line !== 'connection: close');
  const connection = new RawConnection((proxy as ProxyProcess).port);
  open.push({ connection, form, kind });
  connection.send(`${lines.join('\r\n')}\r\n\r\n${form.body}`);
  await connection.until((text) => text.includes(form.begins));
  if (kind === 'endless-stream') connection.socket.pause();
}

/** `marker`: whole; `error`: told in its dialect, and broken off; `cut`: broken off; `silent`: neither whole nor broken off. */
function endOf({ connection: { text }, form }: Stream): 'marker' | 'error' | 'cut' | 'silent' {
  const isClean = text.endsWith('\r\n0\r\n\r\n');
  if (text.includes(form.marker) && isClean) return 'marker';
  if (isClean) return 'silent';
  return text.includes(form.error) ? 'error' : 'cut';
}
