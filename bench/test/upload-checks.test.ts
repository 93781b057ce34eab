import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { uploadFiles } from '../src/figures/upload.ts';
import { openStage, type Stage, type Subject } from '../src/stage.ts';
import { contentFrom, expectedHash, hashText, isContent, type Way } from '../src/uploading.ts';
import type { Variant } from '../src/variants.ts';

const bytes = 3_000_000;
let stage: Stage | null = null;
afterEach(async () => {
  await stage?.close();
  stage = null;
});

describe('the bench believes no upload that it has not checked', { timeout: 60_000 }, () => {
  test.each<[fault: string, way: Way, words: RegExp]>([
    ['drops a byte', 'multipart', /differs between byte|stands behind/],
    ['changes a byte', 'multipart', /file \d+ differs between byte/],
    ['sends a piece twice', 'multipart', /file \d+ differs between byte/],
    ['drops the last byte', 'multipart', /stands behind the bytes/],
    ['adds a byte', 'multipart', /stands behind the bytes/],
    ['drops a byte', 'resumable', /file \d+ differs between byte/],
    ['drops the last byte', 'resumable', /1 bytes of file \d+ are missing/],
    ['adds a byte', 'resumable', /file \d+ differs between byte/],
    ['changes a byte', 'resumable', /file \d+ differs between byte/],
    ['changes what is said of a file', 'resumable', /what is said of a file is not what was sent/],
    ['changes the project', 'resumable', /the key of another project/],
    ['changes the command', 'resumable', /the command or the offset/],
    ['changes the code', 'resumable', /is answered with "HTTP\/1.1 201/],
    ['changes the answer', 'resumable', /the answer differs/],
    ['forgets the status', 'resumable', /no session is opened/],
    ['forgets the status', 'multipart', /does not say that it is final/],
    ['calls twice', 'multipart', /answered and \d+ calls went up/],
    ['refuses without a word', 'multipart', /is answered with "HTTP\/1.1 503/],
    ['sends the key of the caller up', 'resumable', /none of the provider/],
  ])('a pipe that %s is caught (%s)', async (fault, way, words) => {
    await expect(upload(fault, `raw, ${fault}`, way)).rejects.toThrow(words);
  });

  test('a gateway that leaves sessions at the address of the provider is caught', async () => {
    await expect(upload('nothing', 'gateway', 'resumable')).rejects.toThrow(/the session is at http/);
  });

  test.each<Way>(['resumable', 'multipart'])('and a pipe that does nothing wrong is not (%s)', async (way) => {
    const { ms } = await upload('nothing', 'raw', way);
    expect(ms).toBeGreaterThan(0);
  });
});

test('files that are turned away by a gateway that is overloaded come again', async () => {
  const { calls, shed } = await upload('is overloaded at first', 'raw', 'resumable');
  expect({ calls, shed }).toEqual({ calls: 4, shed: 0 });
});

test('the bytes of a file are the same wherever a piece of it begins', () => {
  const file = { number: 1, bytes, isHashed: true };
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes; at += (pieces.at(-1) as Buffer).length) pieces.push(contentFrom(at, file));
  const whole = Buffer.concat(pieces);
  expect(whole).toHaveLength(bytes);
  expect(hashText(createHash('sha256').update(whole).digest('hex'))).toBe(expectedHash(file));
  expect(isContent(whole, 0)).toBe(true);
  expect(isContent(whole.subarray(1_048_570, 2_500_000), 1_048_570)).toBe(true);
  expect(isContent(whole.subarray(1, 100), 0)).toBe(false);
  expect(isContent(whole.subarray(0, 4_096), 4_096)).toBe(false);
});

async function upload(fault: string, name: string, way: Way) {
  const args = [join(import.meta.dirname, 'faulty-pipe.ts'), fault];
  const variant: Variant = { name, what: fault, base: name, args, env: {}, logFile: null };
  stage = await openStage([variant], { isProfiled: false, provider: 'uploads' });
  return uploadFiles(stage, stage.subjects[0] as Subject, { way, atOnce: 2, bytes, isHashed: true });
}
