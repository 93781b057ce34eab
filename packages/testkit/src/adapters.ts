/**
 * Entry `@sluice/testkit/adapters`: the contract that every adapter of a gateway passes, as a suite of Vitest.
 *
 * @module
 */

export { type DescribeAdapterOptions, describeAdapter } from './adapter/adapter.ts';
export type { AdapterDoor, AdapterMount, AdapterSubject, MountedApp } from './adapter/stage.ts';
