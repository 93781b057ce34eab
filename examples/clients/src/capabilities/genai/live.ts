/** `@google/genai`: the Live API. */

import {
  type GoogleGenAI,
  type LiveConnectConfig,
  type LiveServerMessage,
  Modality,
  type Session,
} from '@google/genai';
import { Ear } from '../ear.ts';
import type { GenaiUses } from './genai.ts';

const model = 'gemini-3.8-live';
const text: LiveConnectConfig = { responseModalities: [Modality.TEXT] };

/** A session and what is heard in it. */
async function talk({ live }: GoogleGenAI, config: LiveConnectConfig = text) {
  const ear = new Ear<LiveServerMessage>();
  const session: Session = await live.connect({
    ...{ model, config },
    callbacks: {
      onmessage: (message) => ear.hear(message),
      onerror: ({ message }) => ear.fail(new Error(message)),
      onclose: ({ code, reason }) => ear.fail(new Error(`closed with ${code} ${reason}`)),
    },
  });
  return { session, ear };
}

const isTurnEnd = ({ serverContent }: LiveServerMessage): boolean => serverContent?.turnComplete === true;

/** The rows about Live. */
export const liveUses: GenaiUses<'live' | 'liveTools' | 'liveResumed' | 'music'> = {
  async *live(ai) {
    const { session, ear } = await talk(ai);
    session.sendClientContent({ turns: 'Hello', turnComplete: true });
    yield await ear.until(isTurnEnd);
    session.sendClientContent({ turns: 'And now?', turnComplete: true });
    yield await ear.until(isTurnEnd);
    session.sendRealtimeInput({ audio: { data: 'AAAA', mimeType: 'audio/pcm;rate=16000' } });
    yield await ear.until(({ serverContent }) => serverContent?.modelTurn !== undefined);
    session.close();
  },
  async *liveTools(ai) {
    const tools = [{ functionDeclarations: [{ name: 'getWeather' }] }];
    const { session, ear } = await talk(ai, { ...text, tools });
    session.sendClientContent({ turns: 'Ask getWeather.', turnComplete: true });
    const heard = await ear.until(({ toolCall }) => toolCall !== undefined);
    yield heard;
    const id = heard.at(-1)?.toolCall?.functionCalls?.[0]?.id ?? '';
    session.sendToolResponse({ functionResponses: [{ id, name: 'getWeather', response: { weather: 'sunny' } }] });
    yield await ear.until(isTurnEnd);
    session.close();
  },
  async *liveResumed(ai) {
    const first = await talk(ai, { ...text, sessionResumption: {} });
    first.session.sendClientContent({ turns: 'Hello', turnComplete: true });
    const heard = await first.ear.until(({ sessionResumptionUpdate }) => sessionResumptionUpdate?.resumable === true);
    yield heard;
    first.session.close();
    const handle = heard.at(-1)?.sessionResumptionUpdate?.newHandle ?? '';
    const second = await talk(ai, { ...text, sessionResumption: { handle } });
    second.session.sendClientContent({ turns: 'Hello again', turnComplete: true });
    yield await second.ear.until(isTurnEnd);
    second.session.close();
  },
  async *music({ live }) {
    const ear = new Ear<unknown>();
    const session = await live.music.connect({
      model: 'lyria-realtime-exp',
      callbacks: { onmessage: ({ audioChunk }) => ear.hear(audioChunk ?? null) },
    });
    await session.setWeightedPrompts({ weightedPrompts: [{ text: 'Piano', weight: 1 }] });
    session.play();
    yield await ear.until((chunk) => chunk !== null);
    session.close();
  },
};

/** Opens a session with a token that a key has made. */
export async function* liveByToken(clientFor: (key: string) => GoogleGenAI, key: string): AsyncIterable<unknown> {
  const { name = '' } = await clientFor(key).authTokens.create({ config: { uses: 1 } });
  yield name;
  const { session, ear } = await talk(clientFor(name));
  session.sendClientContent({ turns: 'Hello', turnComplete: true });
  yield await ear.until(isTurnEnd);
  session.close();
}
