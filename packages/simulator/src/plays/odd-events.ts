import type { Reply } from '../gemini/reply.ts';
import { chunkedHeaders, isSse, type Play, portionsOf, sendChunks } from './play.ts';
import { bodyOf, sendReply } from './whole.ts';

/** No JSON wherever it stands: between two events, between two values, or inside a string. */
const noJson = '{"broken": ,}';

export const badJsonEvent: Play = async (stage, scene) => {
  const reply = scene.reply();
  const portions = portionsOf(reply);
  const half = Math.floor(portions.length / 2);
  const broken = Buffer.from(isSse(reply) ? `data: ${noJson}\r\n\r\n` : noJson);
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, [...portions.slice(0, half), broken, ...portions.slice(half)], scene.chunkMs);
  await stage.lastChunk();
  return 'kept';
};

/** Sends other portions in place of the right ones. */
function respelled(portions: (reply: Reply) => readonly Uint8Array[]): Play {
  return async (stage, scene) => {
    const reply = scene.reply();
    await stage.head(reply.status, chunkedHeaders(reply));
    await sendChunks(stage, portions(reply), scene.chunkMs);
    await stage.lastChunk();
    return 'kept';
  };
}

/** How the line of an event and the empty line behind it end. CR before LF is left out: together they are one end. */
const lineEnds = [
  ['\r', '\r'],
  ['\n', '\r\n'],
  ['\r\n', '\n'],
  ['\n', '\r'],
  ['\r', '\r\n'],
  ['\r\n', '\r'],
] as const;
const byteOrderMark = '\ufeff';

export const mixedLineEnds: Play = respelled((reply) => {
  const mixed = isSse(reply) ? portionsOf(reply).map(eventWithEnds) : [Buffer.from(jsonWithEnds(reply))];
  return [Buffer.concat([Buffer.from(byteOrderMark), mixed[0] ?? Buffer.alloc(0)]), ...mixed.slice(1)];
});

function eventWithEnds(event: Uint8Array, at: number): Buffer {
  const ends = lineEnds[at % lineEnds.length] ?? lineEnds[0];
  return Buffer.from(`${textOf(event).trimEnd()}${ends[0]}${ends[1]}`);
}

/** Line ends stand between the values only: strings have theirs escaped. */
function jsonWithEnds(reply: Reply): string {
  const ends = ['\r', '\n', '\r\n'];
  let at = 0;
  return bodyOf(reply)
    .toString()
    .replace(/\r?\n/g, () => ends[at++ % ends.length] ?? '');
}

export const multiLineData: Play = (stage, scene) => {
  const reply = scene.reply();
  return isSse(reply) ? spreadOut(stage, scene) : sendReply(stage, scene, reply);
};

const spreadOut: Play = respelled((reply) =>
  portionsOf(reply).map((event, at) => {
    const fields = [`id:${at + 1}`, 'retry:1000', 'event:message', ...linesOf(event).map((line) => `data:${line}`)];
    return Buffer.from(`${fields.join('\r\n')}\r\n\r\n`);
  }),
);

/** The data of an event in as many lines as it has values; what is no JSON (`[DONE]`) stays in one. */
function linesOf(event: Uint8Array): string[] {
  const data = textOf(event).trimEnd().slice('data: '.length);
  return data.startsWith('{') ? JSON.stringify(JSON.parse(data), null, 1).split('\n') : [data];
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

const manyEvents = 1_000;

export const thousandEvents: Play = async (stage, scene) => {
  const reply = scene.reply();
  const pieces = Array.from({ length: manyEvents }, (_, at) => ({
    text: `${at + 1} `,
    isFinal: at === manyEvents - 1,
  }));
  const told = reply.retold(pieces);
  if (!told.isStream) return sendReply(stage, scene, told);
  await stage.head(told.status, chunkedHeaders(told));
  await stage.chunk(bodyOf(told));
  await stage.lastChunk();
  return 'kept';
};
