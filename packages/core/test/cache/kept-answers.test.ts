import { describe, expect, test } from 'vitest';
import { KeptAnswers } from '../../src/cache/kept-answers.ts';
import { Recording } from '../../src/cache/recording.ts';

function recordingOf(length: number): Recording {
  const recording = new Recording(1_000_000, null);
  recording.head(200, {});
  recording.write(new Uint8Array(length));
  recording.end();
  return recording;
}

const size = recordingOf(1_000).keptBytes;

describe('kept answers', () => {
  test('live as long as they may, and not a moment longer', () => {
    const kept = new KeptAnswers();
    kept.put('a', { recording: recordingOf(1_000), keptAtMs: 100 }, { maxBytes: 1_000_000, ttlMs: 50 });
    expect(kept.find('a', 149, 50)).not.toBeNull();
    expect(kept.find('a', 150, 50)).toBeNull();
    expect([kept.entries, kept.bytes]).toEqual([0, 0]);
  });

  test('that are too old are let go of although nobody asks for them any more', () => {
    const kept = new KeptAnswers();
    const rules = { maxBytes: 1_000_000, ttlMs: 50 };
    for (const [key, keptAtMs] of [
      ['a', 100],
      ['b', 120],
      ['c', 155],
    ] as const)
      kept.put(key, { recording: recordingOf(1_000), keptAtMs }, rules);
    expect([kept.entries, kept.bytes]).toEqual([2, 2 * size]);
  });

  test('stay within their bytes: the longest unused ones go', () => {
    const kept = new KeptAnswers();
    const rules = { maxBytes: 3 * size, ttlMs: 1_000 };
    const put = (key: string): void => kept.put(key, { recording: recordingOf(1_000), keptAtMs: 100 }, rules);
    for (const key of ['a', 'b', 'c']) put(key);
    kept.find('a', 101, 1_000);
    put('d');
    expect(['a', 'b', 'c', 'd'].filter((key) => kept.find(key, 102, 1_000) !== null)).toEqual(['a', 'c', 'd']);
    expect([kept.entries, kept.bytes]).toEqual([3, 3 * size]);
    kept.shrink(size);
    expect([kept.entries, kept.bytes, kept.find('d', 102, 1_000) !== null]).toEqual([1, size, true]);
  });

  test('are replaced under the same key, and all let go of at once', () => {
    const kept = new KeptAnswers();
    const rules = { maxBytes: 1_000_000, ttlMs: 1_000 };
    kept.put('a', { recording: recordingOf(1_000), keptAtMs: 100 }, rules);
    kept.put('a', { recording: recordingOf(500), keptAtMs: 100 }, rules);
    expect([kept.entries, kept.bytes]).toEqual([1, size - 500]);
    kept.clear();
    expect([kept.entries, kept.bytes]).toEqual([0, 0]);
  });
});
