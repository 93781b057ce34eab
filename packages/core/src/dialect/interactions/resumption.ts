/** How the remainder of an interaction's stream is asked for: whatever is stored is told again from any of its events on. */

import { paramsOf, pathOf, withParams } from '../../path-and-query.ts';
import type { Resumption } from '../dialect.ts';

const collection = /^\/v[0-9][a-z0-9]*\/interactions$/;
const own = /^\/v[0-9][a-z0-9]*\/interactions\/[^/]+$/;
/** It goes into a path, so it has to be a plain name. */
const plainId = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

/**
 * The resumption of stored interactions.
 *
 * @see https://ai.google.dev/api/interactions-api (read 2026-11-20): `last_event_id`
 */
export const interactionResumption: Resumption = {
  subject: ['interaction', 'id'],
  place: 'event_id',
  remainder(target, subject, place) {
    const told = toldAt(pathOf(target), subject);
    if (told === null) return null;
    const params = paramsOf(target);
    const from = place === null ? clientsPlace(params) : [`last_event_id=${encodeURIComponent(place)}`];
    return withParams(told, ['stream=true', ...from, ...params.filter(isOther)]);
  },
};

function toldAt(path: string, id: string | null): string | null {
  if (own.test(path)) return path;
  return collection.test(path) && id !== null && plainId.test(id) ? `${path}/${id}` : null;
}

/** Nothing was told yet: then it begins where the client wanted it to. */
function clientsPlace(parameters: readonly string[]): string[] {
  return parameters.filter((parameter) => nameOf(parameter) === 'last_event_id');
}

function isOther(parameter: string): boolean {
  const name = nameOf(parameter);
  return name !== '' && name !== 'stream' && name !== 'last_event_id';
}

/** As the provider reads it: `last%5Fevent_id` is the same parameter. */
function nameOf(parameter: string): string {
  const [raw = ''] = parameter.split('=', 1);
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
