/** The load generator, a process of its own: does what the bench tells it over the side channel. */

import { ClosedLoop, type ClosedLoopOrder, type RunLength } from './load/closed-loop.ts';
import { EndingStreams } from './load/ending-streams.ts';
import { HeldStreams } from './load/held-streams.ts';
import { Leavers, type LeaversOrder } from './load/leavers.ts';
import { openLoop } from './load/open-loop.ts';
import { repeatOne } from './load/repeated.ts';
import { Sessions, type SessionsOrder } from './load/sessions.ts';
import { StalledReaders } from './load/stalled-readers.ts';
import { Surge, type SurgeOrder } from './load/surge.ts';
import { uploadAll } from './load/uploads.ts';
import { answerQuestions } from './side-channel.ts';
import type { TalkOrder } from './talkers.ts';

let closedLoop = new ClosedLoop();
let held = new HeldStreams();
let stalled = new StalledReaders();
let surge: Surge | null = null;
const leavers = new Leavers();
const ending = new EndingStreams();
const sessions = new Sessions();

answerQuestions({
  'closed-open': (order: ClosedLoopOrder) => {
    closedLoop.close();
    closedLoop = new ClosedLoop();
    return closedLoop.open(order);
  },
  'closed-run': (length: RunLength) => closedLoop.run(length),
  'closed-close': () => closedLoop.close(),
  'open-loop': openLoop,
  'held-open': ({ port, key, streams }: { port: number; key: string; streams: number }) =>
    held.open(port, key, streams),
  'held-listen': ({ ms }: { ms: number }) => held.listen(ms),
  'held-close': () => {
    held.close();
    held = new HeldStreams();
  },
  'stalled-open': ({ port, key, readers }: { port: number; key: string; readers: number }) =>
    stalled.open(port, key, readers),
  'stalled-drain': async ({ bytes }: { bytes: number }) => {
    const result = await stalled.drain(bytes);
    stalled = new StalledReaders();
    return result;
  },
  'stalled-cut': async ({ refused }: { refused: number }) => {
    const result = await stalled.untilCut(refused);
    stalled = new StalledReaders();
    return result;
  },
  'leavers-open': (order: LeaversOrder) => leavers.open(order),
  'leavers-standing': () => leavers.standing(),
  'leavers-leave': ({ number }: { number: number }) => leavers.leave(number),
  repeat: repeatOne,
  'surge-open': (order: SurgeOrder) => {
    surge = new Surge(order);
    return surge.open();
  },
  'surge-run': () => surge?.run(),
  'ending-open': ({ port, streams }: { port: number; streams: number }) => ending.open(port, streams),
  'ending-ends': () => ending.ends(),
  'sessions-open': (order: SessionsOrder) => sessions.open(order),
  'sessions-close': () => sessions.close(),
  uploads: uploadAll,
  talk: (order: TalkOrder) => sessions.talkers.talk(order),
  heard: () => sessions.talkers.heard(),
  report: () => sessions.talkers.report(),
});
