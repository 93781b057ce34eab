/** The load generator, a process of its own: does what the bench tells it over the side channel. */

import { ClosedLoop, type ClosedLoopOrder, type RunLength } from './load/closed-loop.ts';
import { HeldStreams } from './load/held-streams.ts';
import { openLoop } from './load/open-loop.ts';
import { StalledReaders } from './load/stalled-readers.ts';
import { answerQuestions } from './side-channel.ts';

let closedLoop = new ClosedLoop();
let held = new HeldStreams();
let stalled = new StalledReaders();

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
});
