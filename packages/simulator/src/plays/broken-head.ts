import { headBytes } from '../wire/stage.ts';
import { chunkedHeaders, type Play } from './play.ts';
import { bodyOf, ok, sendReply, tooLargePage } from './whole.ts';

export const rstWhenReused: Play = async (stage, scene) => {
  if (!scene.isReused) return ok(stage, scene);
  await stage.reset();
  return 'cut';
};

export const finMidHeaders: Play = async (stage) => {
  await stage.raw('HTTP/1.1 200 OK\r\nContent-Type: text/even');
  await stage.close();
  return 'cut';
};

/** The answer with a length, under a head that `spoil` has been at. */
function underHead(spoil: (head: string) => string): Play {
  return async (stage, scene) => {
    const reply = scene.reply();
    const body = bodyOf(reply);
    const head = headBytes(reply.status, [...reply.headers, ['Content-Length', String(body.length)]]);
    await stage.raw(spoil(Buffer.from(head).toString('latin1')));
    await stage.body(body);
    return 'kept';
  };
}

function withLines(lines: string): Play {
  return underHead((head) => head.replace(/\r\n$/, `${lines}\r\n`));
}

const fillers = Array.from({ length: 20 }, (_, at) => `X-Filler-${at}: ${'x'.repeat(1_000)}\r\n`);

export const headersOver16k: Play = withLines(fillers.join(''));
export const foldedHeader: Play = withLines('X-Folded: one\r\n two\r\n');
export const nulInHeader: Play = withLines('X-Nul: one\0two\r\n');
export const lfOnly: Play = underHead((head) => head.replaceAll('\r\n', '\n'));
export const status099: Play = underHead((head) => head.replace(/^HTTP\/1\.1 [^\r]*/, 'HTTP/1.1 099 '));
export const twoLengths: Play = underHead((head) =>
  head.replace(/Content-Length: (\d+)\r\n/, (line, bytes) => `${line}Content-Length: ${Number(bytes) + 9}\r\n`),
);

export const lengthAndChunks: Play = async (stage, scene) => {
  const reply = scene.reply();
  const body = bodyOf(reply);
  await stage.head(reply.status, chunkedHeaders(reply, ['Content-Length', String(body.length)]));
  await stage.chunk(body);
  await stage.lastChunk();
  return 'kept';
};

/** The answer behind a head of its own. */
function behind(head: string): Play {
  return async (stage, scene) => {
    await stage.raw(head);
    return sendReply(stage, scene, scene.reply());
  };
}

export const earlyHints: Play = behind('HTTP/1.1 103 Early Hints\r\nLink: </early>; rel=preload\r\n\r\n');
export const unasked100: Play = behind('HTTP/1.1 100 Continue\r\n\r\n');

export const unasked101: Play = async (stage) => {
  await stage.raw('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  return stage.silenceForEver();
};

export const early413: Play = async (stage) => {
  const body = Buffer.from(tooLargePage);
  await stage.head(413, [
    ['Content-Type', 'text/html; charset=UTF-8'],
    ['Content-Length', String(body.length)],
    ['Connection', 'close'],
  ]);
  await stage.body(body);
  await stage.close();
  return 'closed';
};
