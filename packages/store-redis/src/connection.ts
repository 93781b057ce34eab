/** A connection of the store's own, on which nothing ever waits: what cannot be sent at once is refused at once. */

import { SluiceError } from '@sluice/core';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisClient } from './script.ts';

const options = {
  enableOfflineQueue: false,
  connectTimeout: 1_000,
  // A server that takes commands and never answers: the socket is given up, and the commands with it.
  socketTimeout: 2_000,
  maxRetriesPerRequest: 0,
  // Sent again after a break, a reservation would count twice.
  autoResendUnfulfilledCommands: false,
  // After a failover the old primary takes no writes: the address leads elsewhere by now.
  reconnectOnError: (error: Error): boolean => error.message.startsWith('READONLY'),
  disableClientInfo: true,
} as const satisfies RedisOptions;

/**
 * @param url - `redis://[user:password@]host[:port][/db]`, `rediss://` by TLS, `redis+cluster://host:port,host:port` or
 * `rediss+cluster://` for a cluster
 */
export function connect(url: string): RedisClient {
  const [, scheme, authority] = /^(rediss?(?:\+cluster)?):\/\/([^/?#]+)/.exec(url) ?? [];
  if (scheme === undefined || authority === undefined) throw wrongUrl();
  const isTls = scheme.startsWith('rediss');
  if (!scheme.endsWith('+cluster')) {
    const plain = parsed(url);
    const client = new Redis(plain.href, { ...options, retryStrategy });
    return quiet(client);
  }
  const at = authority.lastIndexOf('@');
  const login = parsed(`redis://${authority.slice(0, at + 1)}host`);
  const nodes = authority
    .slice(at + 1)
    .split(',')
    .map((node) => {
      const { hostname, port } = parsed(`redis://${node}`);
      return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
    });
  const client = new Cluster(nodes, {
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    // Whoever asks has 100 ms: no time to wait for a cluster that is busy with itself.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    maxRedirections: 4,
    slotsRefreshTimeout: 1_000,
    slotsRefreshInterval: 2_000,
    redisOptions: {
      ...options,
      ...(login.username === '' ? {} : { username: decodeURIComponent(login.username) }),
      ...(login.password === '' ? {} : { password: decodeURIComponent(login.password) }),
      ...(isTls ? { tls: {} } : {}),
    },
  });
  // A node is connected to when it is first needed, and what comes next is refused until that is done. So that is done
  // beforehand; not sooner, because the cluster asks one of its nodes whether it is ready, and would be refused too.
  const connectTo = (node: Redis): void => {
    if (node.status === 'wait' && client.status === 'ready') node.connect().catch(() => {});
  };
  client.on('+node', connectTo);
  client.on('ready', () => client.nodes('all').forEach(connectTo));
  return quiet(client);
}

/** Where a client leads to, without what lets one in. */
export function placeOf(client: RedisClient): string {
  if (isCluster(client)) {
    const nodes = client.nodes('all').map(({ options: { host, port } }) => `${host}:${port}`);
    return `redis cluster${nodes.length === 0 ? '' : ` ${nodes.sort().join(',')}`}`;
  }
  const { host, port, path, db, sentinels, name } = client.options;
  const database = (db ?? 0) === 0 ? '' : `/${db}`;
  if (sentinels != null && sentinels.length > 0) return `redis sentinel ${name}${database}`;
  return `redis ${path ?? `${host?.includes(':') ? `[${host}]` : host}:${port}`}${database}`;
}

/** Not by its class: the client may come from another copy of ioredis. */
export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

/** 50 ms, 100 ms, 200 ms … 2 s, each up to a quarter longer, so that many processes do not come back as one. */
function retryStrategy(times: number): number {
  return Math.min(50 * 2 ** Math.min(times - 1, 10), 2_000) * (1 + Math.random() / 4);
}

/** What goes wrong on a connection comes back by the verbs; without a listener ioredis prints it each time. */
function quiet<Client extends RedisClient>(client: Client): Client {
  client.on('error', () => {});
  return client;
}

function parsed(url: string): URL {
  const found = URL.parse(url);
  if (found === null || found.hostname === '') throw wrongUrl();
  return found;
}

/** It is not repeated: a password may stand in it, and where it ends cannot be told in what cannot be read. */
function wrongUrl(): SluiceError {
  return new SluiceError(
    'invalid_options',
    'url: expected redis://host:port, rediss://host:port or redis+cluster://host:port,host:port, with user:password@ before the hosts where needed',
  );
}
