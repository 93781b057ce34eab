import type { Piece } from '../gemini/ask.ts';
import type { Reply } from '../gemini/reply.ts';
import type { Ending } from '../wire/connection.ts';
import type { Stage } from '../wire/stage.ts';
import { chunkedHeaders, halfOf, type Play, portionsOf, type Scene, sendChunks, slowMs } from './play.ts';
import { sendReply } from './whole.ts';

/** The answer told with other pieces, ended cleanly. */
export function retold(pieces: (reply: Reply) => readonly Piece[]): Play {
  return (stage, scene) => {
    const reply = scene.reply();
    return sendReply(stage, scene, reply.retold(pieces(reply)));
  };
}

export const emptyStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  const silent = reply.retold([]);
  await stage.head(reply.status, chunkedHeaders(reply));
  await stage.chunk(silent === reply ? new Uint8Array() : silent.closing);
  await stage.lastChunk();
  return 'kept';
};

export const stallBeforeFirst: Play = async (stage, scene) => {
  await stage.head(scene.reply().status, chunkedHeaders(scene.reply()));
  return stage.silenceForEver();
};

export const stallMidStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  const half = halfOf(reply);
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, half.events.length > 0 ? half.events : [half.brokenEvent], scene.chunkMs);
  return stage.silenceForEver();
};

export const commentsOnly: Play = async (stage, scene) => {
  const reply = scene.reply();
  const isSse = reply.headers.some(([, value]) => value === 'text/event-stream');
  await stage.head(reply.status, chunkedHeaders(reply));
  for (;;) {
    await stage.chunk(Buffer.from(isSse ? ': still thinking\n\n' : ' \n'));
    await stage.silence(slowMs);
  }
};

export const errorFirstEvent: Play = (stage, scene) => failing(stage, scene, []);

export const errorMidStream: Play = (stage, scene) => failing(stage, scene, halfOf(scene.reply()).events);

async function failing(stage: Stage, scene: Scene, events: readonly Uint8Array[]): Promise<Ending> {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, [...events, reply.failed(events.length, scene.errorBody('503'))], scene.chunkMs);
  await stage.lastChunk();
  return 'kept';
}

export const finishThenHang: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, portionsOf(reply), scene.chunkMs);
  return stage.silenceForEver();
};

export const slowStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, portionsOf(reply), slowMs);
  await stage.lastChunk();
  return 'kept';
};

const endlessText = 'on and on '.repeat(1_638);

export const endlessStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  const endless = reply.retold([{ text: endlessText }, { text: endlessText }]);
  if (endless === reply) return sendReply(stage, scene, reply);
  const [first, next] = reply.isStream ? endless.events : textWithoutEnd(endless);
  await stage.head(reply.status, chunkedHeaders(reply));
  await stage.chunk(first ?? new Uint8Array());
  for (;;) {
    await stage.silence(0);
    await stage.chunk(next ?? new Uint8Array());
  }
};

/** A JSON text up to the end of the answer in it, and more of that answer. */
function textWithoutEnd(reply: Reply): [Uint8Array, Uint8Array] {
  const json = Buffer.concat([...reply.events]).toString();
  return [Buffer.from(json.slice(0, json.lastIndexOf(endlessText))), Buffer.from(endlessText)];
}
