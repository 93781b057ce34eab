/** What the tests of every package share: driver pairs, clocks, recorded answers, raw sockets, and the hunt for leaks. */

export { describeAdapter } from './adapter/adapter.ts';
export { wrongIn } from './adapter/raw-inputs.ts';
export type { AdapterMount, AdapterSubject, MountedApp } from './adapter/stage.ts';
export { chromium } from './chromium.ts';
export { type Driver, describeDrivers, type Mounted, type MountOptions } from './drivers.ts';
export { eventually } from './eventually.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export { type GoldenExchange, goldenDir, goldenExchanges } from './golden.ts';
export { neverShed } from './never-shed.ts';
export { saysClose } from './raw/answers.ts';
export { hastyMs, type RawCase, type RawInput, rawCallerKey, rawMaxBodyBytes } from './raw/input.ts';
export { rawInputs } from './raw/inputs.ts';
export { reasonOf, type Seen, type Voice, voiceOf } from './raw/judge.ts';
export { nameOf, type PlayedCase, playRow, rawGateway } from './raw/play.ts';
export { type RawAnswer, rawRequest } from './raw-socket.ts';
export { type ReadAnswer, read } from './read.ts';
export { describeGateways } from './store/gateways.ts';
export { describeSessions } from './store/sessions.ts';
export { describeStore, type Race, type StoreProcesses, type StoreSubject } from './store/store.ts';
