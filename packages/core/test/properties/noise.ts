/** What streams are made of, in no order at all; bytes that are no text among it. */

import type { Tape } from './tape.ts';

const shards = [
  ...['{', '}', '[', ']', '"', ':', ',', '\\', ' ', '\t', '\r', '\n', '\r\n', 'data:', 'data', 'data: ', '0', 'e', "'"],
  ...['"error":', '"candidates":[{', '"content":{"parts":[', '"finishReason":"STOP"', '"usageMetadata":{', '[DONE]'],
  ...['\u{feff}', '\0', ': x', 'event: y', 'data: {"error":{}}\n\n', '"fileUri":"files/a"', 'data: {"a":\n\n'],
].map((text) => Buffer.from(text));
const brokenBytes = [[0xff], [0xc3], [0xe2, 0x80], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80], [0x80]].map((bytes) =>
  Buffer.from(bytes),
);

export function noise(tape: Tape): Buffer {
  return Buffer.concat(tape.several(30, () => tape.pick(tape.isOneIn(8) ? brokenBytes : shards)));
}
