/** Who may import whom. A file imports from a lower floor or from its own folder; type imports count like any other. */

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** From the bottom up; a name that ends in a slash stands for a folder. The first floor that names a file is its own. */
const floors: readonly (readonly string[])[] = [
  // nouns
  ['cancellation.ts', 'roster.ts', 'json.ts', 'path-and-query.ts'],
  ['wire.ts', 'errors.ts', 'clock.ts', 'bytes/', 'quota/', 'store/store.ts', 'platform/platform.ts'],
  ['failure.ts', 'events.ts', 'channel.ts', 'error-table.ts'],
  // contracts
  ['snapshot.ts', 'dialect/dialect.ts', 'auth/auth.ts', 'provider/provider.ts', 'plan/', 'platform/'],
  // languages, and other pure choices
  ['dialect/', 'surface/surface.ts', 'pool/strategy/'],
  // mechanisms: siblings never import each other
  [
    'surface/',
    'auth/',
    'pool/',
    'health/',
    'provider/',
    'stream/',
    'upstream/',
    'client/',
    'door/',
    'store/',
    'affinity/',
  ],
  // one try: the station that meets pool, provider, upstream and stream
  ['attempt/'],
  // what uploads add to the story
  ['upload/'],
  ['story.ts', 'sessions.ts', 'planning.ts', 'turned-away.ts', 'resume/', 'cache/'],
  // a call's way to its answer, and the ways around it
  ['supply.ts'],
  ['sharing.ts'],
  // the story of a request
  ['journey.ts'],
  // options, and what makes them complete
  ['options.ts'],
  ['settings/'],
  ['settings.ts'],
  // composition root
  ['house.ts'],
  ['gateway.ts'],
  // the story of a conversation, which gateways do without
  ['live/'],
  ['node-listener.ts'],
  ['local/'],
  // entries
  ['node.ts', 'web.ts', 'live.ts', 'index.ts'],
];

/** Where Node's own modules may be imported: everything else runs anywhere. */
const nodeOnly = new Set([
  'node.ts',
  'node-listener.ts',
  'local/listen-locally.ts',
  'local/local-door.ts',
  'local/refusal.ts',
  'client/harden-server.ts',
  'client/http-version.ts',
  'client/node.ts',
  'client/node-answer.ts',
  'client/node-body.ts',
  'client/node-headers.ts',
  'client/public-origin.ts',
  'client/trusted-addresses.ts',
  'client/raw-answer.ts',
  'upstream/undici.ts',
  'upstream/connector.ts',
  'platform/node.ts',
  'platform/loop-watch.ts',
  'live.ts',
  'live/masked-frames.ts',
  'live/ws-channel.ts',
  'live/ws-dial.ts',
  'live/ws-opening.ts',
]);
/** Conditional imports, by the folder that they lead to. */
const conditional: Readonly<Record<string, string>> = { '#upstream': 'upstream/', '#platform': 'platform/node.ts' };

const src = join(import.meta.dirname, '../src');
const files = new Map(globSync('**/*.ts', { cwd: src }).map((file) => [file, readFileSync(join(src, file), 'utf8')]));

describe('the floors of core', () => {
  test('every file imports from below or from its own folder', () => {
    expect(files.size).toBeGreaterThan(50);
    expect(breaches(files)).toEqual([]);
  });

  test.each([
    ['an import from above', 'wire.ts', "import { travel } from './journey.ts';", 'wire.ts -> journey.ts'],
    [
      'a type import from above',
      'errors.ts',
      "import type { Health } from './health/health.ts';",
      'errors.ts -> health/health.ts',
    ],
    ['a sibling', 'pool/lane.ts', "import { Health } from '../health/health.ts';", 'pool/lane.ts -> health/health.ts'],
    ['a Node module', 'stream/scan.ts', "import { Buffer } from 'node:buffer';", 'stream/scan.ts -> node:buffer'],
    [
      'Live in the gateway',
      'gateway.ts',
      "import { converse } from './live/converse.ts';",
      'gateway.ts -> live/converse.ts',
    ],
    ['a package for Node', 'gateway.ts', "import { WebSocket } from 'ws';", 'gateway.ts -> ws'],
    [
      'a conditional import from below',
      'wire.ts',
      "import { defaultUpstream } from '#upstream';",
      'wire.ts -> #upstream',
    ],
    ['an import for its effects', 'clock.ts', "import './index.ts';", 'clock.ts -> index.ts'],
    ['a dynamic import', 'clock.ts', "await import('./gateway.ts');", 'clock.ts -> gateway.ts'],
  ])('%s is found', (_what, file, line, breach) => {
    const spoilt = new Map(files).set(file, `${line}\n${files.get(file)}`);
    expect(breaches(spoilt)).toEqual([breach]);
  });

  test('a file that stands on no floor is refused', () => {
    expect(breaches(new Map([['lost.ts', '']]))).toEqual(['lost.ts stands on no floor']);
  });
});

function breaches(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, text]) => {
    if (floorOf(file) < 0) return [`${file} stands on no floor`];
    const specifiers = [...text.matchAll(/(?:from|import\(?)\s*'([^']+)'/g)].map((match) => match[1] as string);
    return specifiers
      .filter((specifier) => !mayImport(file, specifier))
      .map((specifier) => `${file} -> ${shown(file, specifier)}`);
  });
}

function mayImport(file: string, specifier: string): boolean {
  if (specifier.startsWith('node:')) return nodeOnly.has(file);
  if (specifier.startsWith('#')) return floorOf(conditional[specifier] ?? '') < floorOf(file);
  // It is made of Node's own modules, and would bring them along.
  if (specifier === 'ws') return nodeOnly.has(file);
  if (!specifier.startsWith('.')) return true;
  const target = normalize(join(dirname(file), specifier));
  const isOwnFolder = dirname(file) !== '.' && dirname(target) === dirname(file);
  return isOwnFolder || (floorOf(target) >= 0 && floorOf(target) < floorOf(file));
}

function floorOf(file: string): number {
  return floors.findIndex((names) =>
    names.some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name)),
  );
}

function shown(file: string, specifier: string): string {
  return specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
}
