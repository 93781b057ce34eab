/** The configuration file as it lies on the disk. What is in it is judged elsewhere; here it only has to be JSON. */

import { readFileSync } from 'node:fs';
import { SluiceError } from '@sluice/core';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';

/** Read when `SLUICE_CONFIG` names no other. */
export const defaultConfigFile = 'sluice.config.json';

/**
 * Reads a JSON file; comments and trailing commas are welcome in it.
 *
 * @param named - the path that somebody asked for, or null: then the default file is read if it is there
 * @returns what stands in it, of whatever shape; undefined when there is no file
 * @throws SluiceError `invalid_options` when the file cannot be read or is no JSON; nothing of its text is quoted,
 * because keys may stand in it
 */
export function readConfigFile(named: string | null): unknown {
  const path = named ?? defaultConfigFile;
  const text = readText(path, named !== null);
  if (text === null) return undefined;
  const faults: ParseError[] = [];
  const value: unknown = parse(text, faults, { allowTrailingComma: true });
  if (faults.length === 0) return value;
  const lines = faults.map((fault) => `${path}:${place(text, fault.offset)}: ${sentence(fault)}`);
  throw new SluiceError('invalid_options', lines.join('\n'));
}

function readText(path: string, isNamed: boolean): string | null {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !isNamed) return null;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new SluiceError('invalid_options', `The configuration file ${path} ${why}.`, { cause: error });
  }
}

function place(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** `PropertyNameExpected` → `property name expected` */
function sentence(fault: ParseError): string {
  return printParseErrorCode(fault.error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
