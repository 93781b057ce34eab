/** The AI SDK: interactions, and the Live API. */

import { generateText } from 'ai';
import { Ear } from '../ear.ts';
import { made } from '../use.ts';
import type { AiSdkUse, AiSdkUses } from './ai-sdk.ts';
import { answered, streamed } from './text.ts';

const model = 'gemini-2.5-flash';
const prompt = 'Why is the sky blue?';

/** The rows about interactions and Live. */
export const interactionUses: AiSdkUses<
  | 'interactions'
  | 'interactionStreamed'
  | 'interactionContinued'
  | 'interactionInBackground'
  | 'agents'
  | 'live'
  | 'liveToken'
> = {
  async *interactions(google) {
    yield* answered({ model: google.interactions(model), prompt });
  },
  async *interactionStreamed(google) {
    yield* streamed({ model: google.interactions(model), prompt });
  },
  async *interactionContinued(google) {
    const first = await generateText({ model: google.interactions(model), prompt, maxRetries: 0 });
    const previousInteractionId = String(first.providerMetadata?.google?.interactionId);
    const providerOptions = { google: { previousInteractionId } };
    yield* answered({ model: google.interactions(model), prompt: 'And the sea?', providerOptions });
    yield* streamed({ model: google.interactions(model), prompt: 'And the sea?', providerOptions });
  },
  async *interactionInBackground(google) {
    const providerOptions = { google: { background: true } };
    yield* answered({ model: google.interactions(model), prompt, providerOptions });
  },
  async *agents(google, place) {
    const managedAgent = await made(place, 'agents', { id: 'butler', base_agent: 'antigravity' });
    yield* answered({ model: google.interactions({ managedAgent }), prompt });
  },
  async *live(google) {
    const realtime = google.experimental_realtime('gemini-3.8-live');
    const server = await realtime.getServerWebSocketConfig?.();
    yield* talked(realtime, server?.url ?? '', { headers: server?.headers });
  },
  async *liveToken(google) {
    const { token, url } = await google.experimental_realtime.getToken({ model: 'gemini-3.8-live' });
    const realtime = google.experimental_realtime('gemini-3.8-live');
    yield* talked(realtime, realtime.getWebSocketConfig?.({ token, url }).url ?? '', {});
  },
};

type Realtime = ReturnType<Parameters<AiSdkUse>[0]['experimental_realtime']>;

/** One turn; the SDK says what goes over the socket and what has come, and leaves the socket to its user. */
async function* talked(model: Realtime, url: string, options: object): AsyncIterable<unknown> {
  const ear = new Ear<{ readonly type: string }>();
  // Node's own takes header fields, which its types do not know.
  const socket = new (WebSocket as unknown as new (url: string, options: object) => WebSocket)(url, options);
  socket.binaryType = 'arraybuffer';
  const send = (event: Parameters<Realtime['serializeClientEvent']>[0]) => {
    for (const message of [model.serializeClientEvent(event)].flat()) {
      if (message != null) socket.send(JSON.stringify(message));
    }
  };
  socket.addEventListener('open', () => send({ type: 'session-update', config: { outputModalities: ['text'] } }));
  socket.addEventListener('message', ({ data }) => {
    const raw = JSON.parse(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString());
    for (const event of [model.parseServerEvent(raw)].flat()) ear.hear(event);
  });
  socket.addEventListener('close', ({ code, reason }) => ear.fail(new Error(`closed with ${code} ${reason}`)));
  yield await ear.until(({ type }) => type === 'session-created');
  const item = { type: 'text-message', role: 'user', text: 'Hello' } as const;
  send({ type: 'conversation-item-create', item });
  send({ type: 'response-create' });
  yield await ear.until(({ type }) => type === 'response-done');
  socket.close();
}
