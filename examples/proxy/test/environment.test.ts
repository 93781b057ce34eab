import { expect, test } from 'vitest';
import { readEnvironment, withEnvironment } from '../src/environment.ts';

const overFile = (file: Record<string, unknown>, variables: Record<string, string>) =>
  withEnvironment(file, readEnvironment(variables));

test('the environment wins over the file, and leaves the rest of it alone', () => {
  const file = {
    server: { port: 1, host: '0.0.0.0', drainMs: 5 },
    callers: 'file-key-file-key',
    log: { level: 'warn' },
  };
  expect(overFile(file, { PORT: '9000', HOST: '::1', SLUICE_API_KEYS: 'alice=env-key' })).toEqual({
    server: { port: 9000, host: '::1', drainMs: 5 },
    callers: 'alice=env-key',
    log: { level: 'warn' },
  });
});

test('a variable that is empty or blank counts as not set', () => {
  const file = { callers: 'file-key' };
  const blank = {
    PORT: '',
    HOST: ' ',
    GEMINI_API_KEYS: '',
    GEMINI_API_KEY: ' ',
    SLUICE_API_KEYS: '',
    SLUICE_API_KEY: '',
    SLUICE_STORE: '',
  };
  expect(overFile(file, blank)).toEqual(file);
});

test('keys are parted by commas or new lines, and grouped by the project in front of them', () => {
  const raw = overFile({}, { GEMINI_API_KEYS: 'one=k1, k2\n one=k3,,\nk4' });
  expect(raw.pools).toEqual({
    gemini: {
      projects: [
        { id: 'one', keys: ['k1', 'k3'] },
        { id: 'project-1', isGuessed: true, keys: ['k2'] },
        { id: 'project-2', isGuessed: true, keys: ['k4'] },
      ],
    },
  });
});

test('a named key may end in equals signs, and a name with nothing behind it is no key', () => {
  expect(overFile({}, { GEMINI_API_KEYS: 'main=abc==,home=' }).pools).toEqual({
    gemini: {
      projects: [
        { id: 'main', keys: ['abc=='] },
        { id: 'home', keys: [''] },
      ],
    },
  });
});

test('GEMINI_API_KEYS goes before GEMINI_API_KEY, and both before the keys of the file', () => {
  const variables = { GEMINI_API_KEYS: 'plural', GEMINI_API_KEY: 'single' };
  const raw = overFile({ keys: 'file' }, variables);
  expect(raw.keys).toBeUndefined();
  expect(raw.pools).toEqual({ gemini: { projects: [{ id: 'project-1', isGuessed: true, keys: ['plural'] }] } });
  expect(overFile({}, { GEMINI_API_KEY: 'single' }).pools).toEqual({
    gemini: { projects: [{ id: 'project-1', isGuessed: true, keys: ['single'] }] },
  });
});

test('SLUICE_API_KEYS goes before SLUICE_API_KEY, and both before the callers of the file', () => {
  const file = { callers: 'file' };
  expect(overFile(file, { SLUICE_API_KEYS: 'plural', SLUICE_API_KEY: 'single' })).toEqual({ callers: 'plural' });
  expect(overFile(file, { SLUICE_API_KEYS: ' ', SLUICE_API_KEY: 'single' })).toEqual({ callers: 'single' });
  expect(overFile(file, { SLUICE_API_KEY: '' })).toEqual(file);
});

test('keys of the environment keep what else the file says about the pool', () => {
  const file = { pools: { gemini: { baseUrl: 'https://file.example', projects: [{ id: 'old', keys: ['old'] }] } } };
  expect(overFile(file, { GEMINI_API_KEYS: 'a=new' }).pools).toEqual({
    gemini: { baseUrl: 'https://file.example', projects: [{ id: 'a', keys: ['new'] }] },
  });
});

test('GEMINI_BASE_URL reaches the pool in whatever form the keys were given', () => {
  const url = { GEMINI_BASE_URL: 'https://other.example' };
  const gemini = { baseUrl: 'https://other.example', projects: [{ id: 'project-1', isGuessed: true, keys: ['k'] }] };
  expect(overFile({ keys: 'k' }, url).pools).toEqual({ gemini });
  expect(overFile({ pools: { gemini: { projects: gemini.projects } } }, url).pools).toEqual({ gemini });
  expect(overFile({}, { ...url, GEMINI_API_KEYS: 'k' }).pools).toEqual({ gemini });
});

test('what is no number stays text, and a section of the wrong shape stays as it is: the check names both', () => {
  expect(overFile({}, { PORT: '80a' }).server).toEqual({ port: '80a' });
  expect(overFile({ server: 'here', pools: [] }, { PORT: '1', GEMINI_API_KEYS: 'k' })).toMatchObject({
    server: 'here',
    pools: [],
  });
});

test('SLUICE_STORE wins over the file', () => {
  for (const url of ['memory:', 'sqlite:elsewhere.db', 'redis://127.0.0.1']) {
    expect(overFile({ store: { url: 'sqlite:x' } }, { SLUICE_STORE: url }).store).toEqual({ url });
  }
});
