import { readConfiguration } from '@sluice/core';
import { expect, test } from 'vitest';
import { changesBetween, waitingForRestart } from '../src/changes.ts';

const key = (name: string): string => `canary-${name}-0123456789abcdef`;
const base = { keys: `main=${key('one')},${key('two')}`, callers: `alice=${key('alice')},${key('nobody')}` };
const between = (before: object, after: object): readonly string[] =>
  changesBetween(readConfiguration({ ...base, ...before }), readConfiguration({ ...base, ...after }));

test('nothing has changed when it is only written another way', () => {
  expect(between({}, {})).toEqual([]);
  const list = [
    { id: 'alice', key: key('alice') },
    { id: 'caller-1', key: key('nobody') },
  ];
  expect(between({}, { callers: list })).toEqual([]);
});

test('projects and their keys are told by name and count', () => {
  const after = `main=${key('three')},main=${key('four')},more=${key('five')}`;
  expect(between({}, { keys: after })).toEqual([
    'project "project-1" removed with 1 key',
    'project "main": 2 keys added, 1 key removed',
    'project "more" added with 1 key',
  ]);
  const pools = (values: object) => ({
    keys: undefined,
    pools: { gemini: { projects: [{ id: 'main', keys: [key('one')], ...values }] } },
  });
  expect(
    between(pools({ weight: 1, limits: { requestsPerMinute: 1 } }), pools({ weight: 2, tier: 'free', limits: {} })),
  ).toEqual(['project "main": weight, limits.requestsPerMinute, tier']);
});

test('callers are told by name, and what has changed of them', () => {
  expect(between({}, { callers: `bob=${key('bob')},alice=${key('other')}` })).toEqual([
    'caller "caller-1" removed',
    'caller "bob" added',
    'caller "alice": another key',
  ]);
  expect(between({}, { callers: 'anyone' })).toEqual(['anyone may call']);
  expect(between({ callers: 'anyone' }, {})).toEqual(['callers need a key again: 2 of them']);
});

test('sections are told by path, and what waits for a restart is picked out', () => {
  const after = { retry: { maxAttempts: 9 }, server: { port: 1, cors: ['*'] }, store: { url: 'redis://u:canary@h' } };
  expect([...between({}, after)].sort()).toEqual(['retry.maxAttempts', 'server.cors', 'server.port', 'store.url']);
  expect(waitingForRestart(readConfiguration(base), readConfiguration({ ...base, ...after }))).toEqual([
    'server.port',
    'store.url',
  ]);
});

test('what changes altogether is cut short', () => {
  const many = Array.from({ length: 100 }, (_, index) => `p${index}=${key(`many-${index}`)}`).join();
  const changes = between({}, { keys: many });
  expect(changes).toHaveLength(41);
  expect(changes.at(-1)).toBe('and 62 more');
});

test('no key and no address is ever repeated', () => {
  const after = {
    keys: `main=${key('x')}`,
    callers: `eve=${key('y')}`,
    store: { url: 'redis://u:canary@h' },
  };
  expect(between({}, after).join()).not.toContain('canary');
});
