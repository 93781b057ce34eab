import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readConfigFile } from '../src/config-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(text: string): string {
  const path = join(folder, 'some.json');
  writeFileSync(path, text);
  return path;
}

test('comments, trailing commas and a byte order mark are no faults', () => {
  expect(readConfigFile(fileWith('\uFEFF{ // why\n "server": { "port": 1, }, /* . */ }'))).toEqual({
    server: { port: 1 },
  });
});

test('a fault is named with line and column, and the text around it is not repeated', () => {
  const path = fileWith('{\n  "keys": "canary-key" "callers": "x"\n}');
  expect(() => readConfigFile(path)).toThrow(`${path}:2:24: comma expected`);
  expect(() => readConfigFile(path)).not.toThrow(/canary/);
});

test('all faults of the syntax are named at once', () => {
  expect(() => readConfigFile(fileWith('{ "a": , \n "b" 1 }'))).toThrow(/:1:8: value expected\n.*:2:6: colon expected/);
});

test('an empty file and one that stops in the middle are faults', () => {
  expect(() => readConfigFile(fileWith(''))).toThrow(/:1:1: /);
  expect(() => readConfigFile(fileWith('{ "a": 1'))).toThrow(/close brace expected/);
});

test('a file that was asked for by name has to be there and has to be a file', () => {
  const missing = join(folder, 'missing.json');
  expect(() => readConfigFile(missing)).toThrow(`The configuration file ${missing} does not exist.`);
  expect(() => readConfigFile(folder)).toThrow(`The configuration file ${folder} cannot be read (EISDIR).`);
});

test('the default file may be missing', () => {
  expect(readConfigFile(null)).toBeUndefined();
});
