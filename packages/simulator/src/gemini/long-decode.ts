/**
 * Long decode: an answer that is too long for one request comes in hops. Each ends with CONTINUATION and a token, and
 * the same request with that token goes on. Half-way through a hop stands a token too: a checkpoint.
 */

import { createHmac, randomBytes } from 'node:crypto';
import type { SimulatedProject } from '../contract.ts';
import type { Piece } from './ask.ts';
import { type Fields, text } from './body.ts';
import { pieceTokens } from './generate.ts';
import { modelFor } from './models.ts';
import { Refused } from './refused.ts';
import type { World } from './world.ts';

/** Tokens of one process are good in it alone. */
const secret = randomBytes(32);

/** The pieces of the hop that a request asks for: all of them where the model answers in one. */
export function hopOf(
  pieces: readonly Piece[],
  model: string,
  body: Fields,
  project: SimulatedProject,
  world: World,
): readonly Piece[] {
  const token = text(body, 'continuationToken');
  const start = token === undefined || token === '' ? 0 : startIn(token, model, project);
  if (start === null || start > pieces.length) throw new Refused('continuation-unknown');
  return isLongDecoder(model) ? cut(pieces, start, model, project, world) : pieces.slice(start);
}

/** Whether a model's answers come in hops. */
function isLongDecoder(model: string): boolean {
  return modelFor(model, null)?.hasHops === true;
}

/** A token that goes on behind a number of pieces, for this project and model alone. */
function continuationToken(start: number, model: string, project: SimulatedProject): string {
  const said = Buffer.from(`${project.id}\n${model}\n${start}`);
  return Buffer.concat([createHmac('sha256', secret).update(said).digest(), said]).toString('base64');
}

/** How many pieces have been told before; null for a token of another project or model, or none at all. */
function startIn(token: string, model: string, project: SimulatedProject): number | null {
  const start = Number(Buffer.from(token, 'base64').subarray(32).toString().split('\n').at(-1));
  return token === continuationToken(start, model, project) ? start : null;
}

function cut(
  pieces: readonly Piece[],
  start: number,
  model: string,
  project: SimulatedProject,
  world: World,
): readonly Piece[] {
  const hop: Piece[] = [];
  let tokens = 0;
  let hasCheckpoint = false;
  for (const [at, piece] of pieces.entries()) {
    if (at < start) continue;
    tokens += pieceTokens(piece);
    const token = () => continuationToken(at + 1, model, project);
    if (piece.isFinal) return [...hop, piece];
    if (tokens >= world.hopTokens) {
      return [...hop, { ...piece, isFinal: true, finishReason: 'CONTINUATION', continuationToken: token() }];
    }
    const isCheckpoint: boolean = !hasCheckpoint && tokens * 2 >= world.hopTokens;
    hasCheckpoint ||= isCheckpoint;
    hop.push(isCheckpoint ? { ...piece, continuationToken: token() } : piece);
  }
  return hop;
}
