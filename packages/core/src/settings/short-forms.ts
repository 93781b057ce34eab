/** The forms of options that fit into an environment variable. */

import type { CallerOptions } from '../auth/auth.ts';
import type { ProjectOptions } from '../options.ts';

const separators = /[,\n\r]+/;
/** A name, an equals sign, a key. A key itself may hold equals signs at its end, as base64 does. */
const named = /^([A-Za-z0-9][\w.-]{0,63})=(.*)$/;

function* entries(text: string): Iterable<{ id: string | null; value: string }> {
  for (const part of text.split(separators)) {
    const entry = part.trim();
    if (entry === '') continue;
    const [, id = null, value = entry] = named.exec(entry) ?? [];
    // "alice=$UNSET" must not become a key called "alice=": what has nothing behind its equals sign is blank.
    yield { id, value: value.replace(/^=+$/, '') };
  }
}

/**
 * Reads the short form of keys: `K1,K2` is two projects of one key, `main=K1,main=K2` one project of two.
 *
 * Nothing is judged here; `createGateway` does that.
 *
 * @example const projects = parseKeys('work=AIza…,work=AIza…,home=AIza…');
 */
export function parseKeys(text: string): ProjectOptions[] {
  const projects = new Map<string, ProjectOptions>();
  const unnamed: string[] = [];
  for (const { id, value } of entries(text)) {
    // The same key again is the same project again.
    if (id === null && !unnamed.includes(value)) unnamed.push(value);
    const name = id ?? `project-${unnamed.indexOf(value) + 1}`;
    const project = projects.get(name) ?? { id: name, keys: [], ...(id === null ? { isGuessed: true } : {}) };
    project.keys.push(value);
    projects.set(name, project);
  }
  return [...projects.values()];
}

/** `alice=K1,K2`: a caller without a name gets a number. */
export function parseCallers(text: string): CallerOptions[] {
  let unnamed = 0;
  return [...entries(text)].map(({ id, value }) => ({ id: id ?? `caller-${++unnamed}`, key: value }));
}
