/**
 * Entry `@sluice/store-sqlite`: the state of a gateway in a SQLite file.
 *
 * @module
 */

export { type SqliteStoreOptions, sqliteStore } from './sqlite-store.ts';
