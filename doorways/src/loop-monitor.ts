/** Loaded before a doorway: tells how late its loop was since somebody asked last, in ms. */

import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
process.on('message', (message) => {
  if (message !== 'how late') return;
  process.send?.({ lateMs: delay.max / 1e6 });
  delay.reset();
});
// The process ends by a signal; it should not stay for this alone.
process.channel?.unref();
