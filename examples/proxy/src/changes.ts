/** What has changed between two configurations, in words for the log: names and counts, never a key or an address. */

import { type GatewayOptions, type ProjectOptions, parseKeys, type ResolvedConfiguration } from '@sluice/core';

/** So many are named; a file that changes more than this is another file. */
const mostWords = 40;

/** What a running process cannot take over: it was made from it. */
const fixed = ['server.host', 'server.port', 'server.headersInMs', 'store.url', 'log.format', 'timeouts.connectMs'];

/** One sentence per change; nothing when there is none. */
export function changesBetween(before: ResolvedConfiguration, after: ResolvedConfiguration): readonly string[] {
  const words = [
    ...projectChanges(projectsOf(before.gateway), projectsOf(after.gateway)),
    ...callerChanges(before.gateway.callers, after.gateway.callers),
    ...changedPaths(sectionsOf(before), sectionsOf(after)),
  ];
  const [...named] = words.slice(0, mostWords);
  return words.length > mostWords ? [...named, `and ${words.length - mostWords} more`] : named;
}

/** What differs from what the process was started with, and waits for the next start. */
export function waitingForRestart(started: ResolvedConfiguration, now: ResolvedConfiguration): readonly string[] {
  return changedPaths(sectionsOf(started), sectionsOf(now)).filter((path) => fixed.includes(path));
}

function projectChanges(before: readonly ProjectOptions[], after: readonly ProjectOptions[]): string[] {
  return compared(before, after, {
    added: ({ id, keys }) => `project "${id}" added with ${counted(keys.length)}`,
    removed: ({ id, keys }) => `project "${id}" removed with ${counted(keys.length)}`,
    changed(old, { id, keys, ...values }) {
      const { keys: oldKeys, ...oldValues } = old;
      const more = keys.filter((key) => !oldKeys.includes(key)).length;
      const fewer = oldKeys.filter((key) => !keys.includes(key)).length;
      const words = [
        ...(more > 0 ? [`${counted(more)} added`] : []),
        ...(fewer > 0 ? [`${counted(fewer)} removed`] : []),
        ...changedPaths({ ...oldValues }, { id, ...values }),
      ];
      return words.length === 0 ? null : `project "${id}": ${words.join(', ')}`;
    },
  });
}

function callerChanges(before: GatewayOptions['callers'], after: GatewayOptions['callers']): string[] {
  const [old, now] = [listOf(before), listOf(after)];
  if (old === 'anyone' || now === 'anyone') {
    if (old === now) return [];
    return [now === 'anyone' ? 'anyone may call' : `callers need a key again: ${now.length} of them`];
  }
  return compared(old, now, {
    added: ({ id }) => `caller "${id}" added`,
    removed: ({ id }) => `caller "${id}" removed`,
    changed(old, { id, key, limits }) {
      const words = [...(old.key === key ? [] : ['another key']), ...changedPaths({ limits: old.limits }, { limits })];
      return words.length === 0 ? null : `caller "${id}": ${words.join(', ')}`;
    },
  });
}

interface Words<One> {
  added(one: One): string;
  removed(one: One): string;
  changed(before: One, after: One): string | null;
}

function compared<One extends { readonly id: string }>(
  before: readonly One[],
  after: readonly One[],
  { added, removed, changed }: Words<One>,
): string[] {
  const old = new Map(before.map((one) => [one.id, one]));
  const now = new Map(after.map((one) => [one.id, one]));
  return [
    ...before.filter(({ id }) => !now.has(id)).map(removed),
    ...after.flatMap((one) => {
      const was = old.get(one.id);
      return (was === undefined ? added(one) : changed(was, one)) ?? [];
    }),
  ];
}

interface CallerWords {
  readonly id: string;
  readonly key: string;
  readonly limits?: object | undefined;
}

function listOf(callers: GatewayOptions['callers']): readonly CallerWords[] | 'anyone' {
  if (callers === 'anyone') return callers;
  if (Array.isArray(callers)) return callers;
  if (typeof callers !== 'string') return [];
  // The short forms of keys and callers are one form; only what has no name is called otherwise.
  return parseKeys(callers).map(({ id, keys, isGuessed }) => ({
    id: isGuessed === true ? id.replace('project', 'caller') : id,
    key: keys.join(),
  }));
}

function projectsOf({ keys, pools }: GatewayOptions): readonly ProjectOptions[] {
  const listed = Object.values(pools ?? {}).flatMap(({ projects }) => projects);
  return keys === undefined ? listed : parseKeys(keys);
}

/** Everything that is no list of people or keys. */
function sectionsOf({ server, log, store, gateway }: ResolvedConfiguration): Record<string, unknown> {
  const { keys: _keys, pools, callers: _callers, server: _door, ...rest } = gateway;
  const ofPools = Object.entries(pools ?? {}).map(([name, { projects: _projects, ...values }]) => [name, values]);
  return { ...rest, pools: Object.fromEntries(ofPools), server, log, store };
}

/** The paths at which two values differ; lists differ as a whole. */
function changedPaths(before: object, after: object, at = ''): string[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.flatMap((name) => {
    const [one, other] = [old.get(name), now.get(name)];
    if (isSection(one) || isSection(other)) {
      return changedPaths(isSection(one) ? one : {}, isSection(other) ? other : {}, `${at}${name}.`);
    }
    return JSON.stringify(one) === JSON.stringify(other) ? [] : [`${at}${name}`];
  });
}

function valuesOf(section: object): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(section));
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function counted(keys: number): string {
  return keys === 1 ? '1 key' : `${keys} keys`;
}
