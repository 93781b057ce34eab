import { expect, test } from 'vitest';
import { signalCounter } from '../src/lifecycle.ts';

function counted() {
  const heard: string[] = [];
  let nowMs = 1000;
  const onSignal = signalCounter({
    now: () => nowMs,
    onFirst: (signal) => heard.push(`first ${signal}`),
    onSecond: () => heard.push('second'),
  });
  return { heard, onSignal, after: (ms: number) => (nowMs += ms) };
}

test('signals within 200 ms are one, whatever their names', () => {
  const { heard, onSignal, after } = counted();
  onSignal('SIGINT');
  onSignal('SIGINT');
  after(200);
  onSignal('SIGTERM');
  expect(heard).toEqual(['first SIGINT']);
});

test('the first signal after that is the second', () => {
  const { heard, onSignal, after } = counted();
  onSignal('SIGTERM');
  after(201);
  onSignal('SIGINT');
  expect(heard).toEqual(['first SIGTERM', 'second']);
});
