/** Streams that break where they can be gone on with: behind a checkpoint, or in an interaction that is stored. */

import type { Reply } from '../gemini/reply.ts';
import { rstMidStream } from './broken-body.ts';
import { errorMidStream } from './odd-stream.ts';
import { chunkedHeaders, type Play, sendChunks } from './play.ts';
import { ok } from './whole.ts';

/** The checkpoint itself is told; nothing behind it is, so what is resumed has no word twice. */
export const dropAfterCheckpoint: Play = async (stage, scene) => {
  const reply = scene.reply();
  const checkpoint = reply.pieces.findIndex((piece) => piece.continuationToken !== undefined && !piece.isFinal);
  if (!reply.isStream || checkpoint < 0 || isInteraction(reply)) return ok(stage, scene);
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, reply.events.slice(0, checkpoint + 1), scene.chunkMs);
  await stage.reset();
  return 'cut';
};

export const interactionDrop: Play = (stage, scene) => (isInteraction(scene.reply()) ? rstMidStream : ok)(stage, scene);

export const interactionError: Play = (stage, scene) =>
  (isInteraction(scene.reply()) ? errorMidStream : ok)(stage, scene);

/** Only the stream of an interaction waits for what has not happened yet. */
function isInteraction({ gate }: Reply): boolean {
  return gate !== undefined;
}
