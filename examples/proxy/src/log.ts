/** The process's log: JSON lines on stdout, or something to read when a person looks on. */

import type { ResolvedConfiguration } from '@sluice/core';
import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { isoTime } from './iso-time.ts';

/** A log that can be emptied before the process goes. */
export interface Log {
  readonly to: Logger;
  /** Resolves when what is still held is written; when nobody reads it, it is given up after a moment. */
  flush(): Promise<void>;
}

/** Lines are gathered for this long at most: under load one write carries hundreds of them, and costs hardly more than one of few. */
const gatherMs = 20;
const gatherLength = 64 * 1024;
/** A reader that has stalled loses lines past this; it never holds up requests or fills the memory. */
const maxHeldBytes = 16 * 1024 * 1024;
const lastLinesMs = 200;

/** Opens the log on stdout. */
export function openLog({ level, format }: Pick<ResolvedConfiguration['log'], 'level' | 'format'>): Log {
  const { stream, flush } = format === 'pretty' ? prettyStream() : jsonStream();
  const to = pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return { to, flush };
}

/** Which format is wanted when nobody said so. */
export function usualFormat(): 'json' | 'pretty' {
  return process.stdout.isTTY ? 'pretty' : 'json';
}

interface Stream {
  readonly stream: DestinationStream;
  flush(): Promise<void>;
}

function prettyStream(): Stream {
  const colorize = process.stdout.isTTY === true && process.stdout.hasColors();
  const stream = pretty({
    colorize,
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    errorLikeObjectKeys: ['err'],
  });
  return { stream, flush: () => Promise.resolve() };
}

function jsonStream(): Stream {
  // It would gather lines itself, and measure all that it holds anew with each: here it writes what it is handed at once.
  const stdout = pino.destination({ dest: 1, sync: false, minLength: 1, maxLength: maxHeldBytes });
  // Nobody is left to be told: a log that cannot be written is no reason to stop serving.
  stdout.on('error', () => {});
  let held = '';
  let isGathering = false;
  function handOver(): void {
    if (held !== '') stdout.write(held);
    held = '';
  }
  function onTime(): void {
    isGathering = false;
    handOver();
  }
  // Of a start that fails, too, everything is told.
  process.once('exit', () => {
    if (held === '') return;
    handOver();
    stdout.flushSync();
  });
  const stream: DestinationStream = {
    write(line) {
      held += line;
      if (held.length >= gatherLength) handOver();
      // A timer is set by the first line after a silence, so that an idle process writes nothing and wakes for nothing.
      if (isGathering) return;
      isGathering = true;
      setTimeout(onTime, gatherMs);
    },
  };
  return {
    stream,
    flush: () =>
      new Promise((resolve) => {
        const giveUp = setTimeout(() => {
          stdout.flushSync = () => {}; // at exit it would wait for the reader, and the process with it
          resolve();
        }, lastLinesMs);
        handOver();
        stdout.flush(() => {
          clearTimeout(giveUp);
          resolve();
        });
      }),
  };
}
