/** Hears everything that goes to the console while the matrix runs, for the search for secrets. */

import { spellings } from './check-aftermath.ts';
import { callerKey } from './clients/client.ts';

const secrets = [callerKey, 'canary-of-provider-key'];

/** Listens until it is stopped. What is said goes on to where it was going. */
export function listenToConsole(): { readonly leaks: () => string[]; readonly stop: () => void } {
  const leaks: string[] = [];
  const hear = (words: readonly unknown[]): void => {
    const text = words.map((word) => (typeof word === 'string' ? word : String(word))).join(' ');
    for (const secret of secrets) {
      if (spellings(secret).some((one) => text.includes(one))) leaks.push('a key on the console');
    }
  };
  const stops = [...heard(console, ['log', 'info', 'warn', 'error', 'debug'], hear)];
  for (const stream of [process.stdout, process.stderr]) stops.push(...heard(stream, ['write'], hear));
  return { leaks: () => leaks, stop: () => stops.forEach((stop) => void stop()) };
}

function heard<Speaker extends object>(
  speaker: Speaker,
  names: readonly (keyof Speaker)[],
  hear: (words: readonly unknown[]) => void,
): (() => void)[] {
  return names.map((name) => {
    const speak = speaker[name] as unknown as (...words: unknown[]) => unknown;
    const listening = (...words: unknown[]): unknown => {
      hear(words);
      return speak.apply(speaker, words);
    };
    speaker[name] = listening as unknown as Speaker[typeof name];
    return () => {
      speaker[name] = speak as unknown as Speaker[typeof name];
    };
  });
}
