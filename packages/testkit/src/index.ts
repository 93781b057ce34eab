/** What the tests of every package share: driver pairs, clocks, recorded answers, raw sockets, and the hunt for leaks. */

export { type AdapterMount, type AdapterSubject, describeAdapter, type MountedApp } from './adapter/adapter.ts';
export { type Driver, describeDrivers, type Mounted, type MountOptions } from './drivers.ts';
export { eventually } from './eventually.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export { type GoldenExchange, goldenDir, goldenExchanges } from './golden.ts';
export { neverShed } from './never-shed.ts';
export { type RawAnswer, rawRequest } from './raw-socket.ts';
export { type ReadAnswer, read } from './read.ts';
export { describeGateways } from './store/gateways.ts';
export { describeStore, type Race, type StoreProcesses, type StoreSubject } from './store/store.ts';
