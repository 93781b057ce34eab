/**
 * Entry `@sluice/store-redis`: limits, rests and owners shared by all processes that use one Redis or Valkey.
 *
 * @module
 */

export { type RedisStoreOptions, redisStore } from './store.ts';
