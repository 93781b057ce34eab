import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localCallerKey } from '../src/caller-key.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-key-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a key is made once and is the same ever after', () => {
  const folder = join(root, 'deep', 'data');
  const key = localCallerKey(folder);
  expect(key).toMatch(/^sluice-[\w-]{32}$/);
  expect(localCallerKey(folder)).toBe(key);
  expect(readFileSync(join(folder, 'caller-key'), 'utf8')).toBe(`${key}\n`);
  expect(readdirSync(folder)).toEqual(['caller-key']);
});

test('the folder is open to its owner alone, and so is the key', () => {
  const folder = join(root, 'data');
  localCallerKey(folder);
  expect(modeOf(folder)).toBe(0o700);
  expect(modeOf(join(folder, 'caller-key'))).toBe(0o600);
});

test('a folder that was there keeps its mode; a key that others can read is closed to them', () => {
  chmodSync(root, 0o755);
  writeFileSync(join(root, 'caller-key'), 'a-key-that-somebody-put-here\n', { mode: 0o644 });
  expect(localCallerKey(root)).toBe('a-key-that-somebody-put-here');
  expect(modeOf(root)).toBe(0o755);
  expect(modeOf(join(root, 'caller-key'))).toBe(0o600);
});

test('what is no key is not used, and not shown', () => {
  writeFileSync(join(root, 'caller-key'), 'canary\n');
  expect(() => localCallerKey(root)).toThrow(/caller-key does not hold a caller key\. Delete it/);
  expect(() => localCallerKey(root)).not.toThrow(/canary/);
});

test('a folder that cannot be made or written to is named in one sentence', () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  expect(() => localCallerKey(file)).toThrow(
    /^The data folder .*file cannot be written to \((ENOTDIR|EEXIST)\)\. [^\n]*$/,
  );
  expect(() => localCallerKey('/proc/sluice')).toThrow(
    /^The data folder \/proc\/sluice cannot be written to \(\w+\)\./,
  );
  mkdirSync(join(root, 'other', 'caller-key'), { recursive: true });
  expect(() => localCallerKey(join(root, 'other'))).toThrow(/cannot be written to \(EISDIR\)/);
  expect(existsSync(file)).toBe(true);
});
