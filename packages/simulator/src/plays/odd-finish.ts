import type { Piece } from '../gemini/ask.ts';
import type { Reply } from '../gemini/reply.ts';
import { chunkedHeaders, type Play, sendChunks } from './play.ts';
import { sendReply } from './whole.ts';

/** The answer told with other pieces, ended cleanly. */
export function retold(pieces: (reply: Reply) => readonly Piece[]): Play {
  return (stage, scene) => {
    const reply = scene.reply();
    return sendReply(stage, scene, reply.retold(pieces(reply)));
  };
}

export const usageOnly: Play = retold(() => [{}]);

export const noFinish: Play = retold(({ pieces }) => pieces.map((piece) => ({ ...piece, isFinal: false })));

/** As the server-side tools of Gemini do it. */
export const stopFirst: Play = retold(() => [
  { text: 'First', isFinal: true },
  { text: ' things' },
  { text: ' come' },
  { text: ' last.', isFinal: true },
]);

export const thoughtOnly: Play = retold(({ pieces }) =>
  pieces.map(({ text }) => ({ text: text ?? 'Which function?', isThought: true })),
);

export const blockedPrompt: Play = retold(() => [{ blockReason: 'PROHIBITED_CONTENT' }]);

/** Chat streams say `[DONE]` after either. */
export const finishTwice: Play = async (stage, scene) => {
  const reply = scene.reply();
  const told = reply.retold([...reply.pieces, { text: ' And' }, { text: ' more.', isFinal: true }]);
  const isChat = told.isStream && told.closing.toString().includes('DONE');
  if (!isChat) return sendReply(stage, scene, told);
  const { events, closing } = told;
  // Where the two are told differently: behind the first end.
  const differs = told.events.findIndex(
    (event, at) => Buffer.compare(event, reply.events[at] ?? Buffer.alloc(0)) !== 0,
  );
  const firstEnd = differs < 0 ? events.length : differs;
  await stage.head(told.status, chunkedHeaders(told));
  await sendChunks(stage, [...events.slice(0, firstEnd), closing, ...events.slice(firstEnd), closing], scene.chunkMs);
  await stage.lastChunk();
  return 'kept';
};

/** No content, and a finish reason that says why. */
export function gaveUp(finishReason: string): Play {
  return retold(() => [{ isFinal: true, finishReason }]);
}

export const finishOther: Play = retold(({ pieces }) =>
  pieces.map((piece) => (piece.isFinal ? { ...piece, finishReason: 'OTHER' } : piece)),
);

/** The answer with this number in all counters; null for no counters. */
export function counted(counters: number | null): Play {
  return retold(({ pieces }) => pieces.map((piece) => ({ ...piece, counters })));
}

export const usageFirst: Play = retold(({ pieces }) =>
  pieces.map((piece, at) => (at === 0 ? piece : { ...piece, counters: null })),
);
