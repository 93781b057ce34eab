/** What a client is told when a request cannot go where its resources are. */

import { SluiceError } from '../errors.ts';

/** More names make no message clearer. */
const mostNames = 3;

/** One wording for what never was, what is gone and what is another caller's: nobody learns of the difference. */
export function unknownResource(names: readonly string[]): SluiceError {
  return new SluiceError('not_found', `There is no ${shown(names)} here, or it is not yours.`);
}

/** The same for one that never was, one that is over for long, and one that another caller has opened. */
export function unknownUpload(): SluiceError {
  return new SluiceError('not_found', 'There is no such upload here, or it is not yours. Start it again.');
}

/** @param groups - the names, by the project that holds them; the projects themselves are not told */
export function tornResources(groups: readonly (readonly string[])[]): SluiceError {
  const places = groups.slice(0, mostNames).map((names, at) => `${shown(names)} in ${at === 0 ? 'one' : 'another'}`);
  const message = `The request names things of ${groups.length} projects, and no key reaches them all: ${places.join(', ')}. Create them again, one after the other, with one caller key.`;
  return new SluiceError('resource_key_unavailable', message);
}

/** Nobody said that it exists, and not everybody has answered. */
export function unclearResource(names: readonly string[]): SluiceError {
  const message = `Not every project could be asked for ${shown(names)}. Try again in a moment.`;
  return new SluiceError('resource_key_unavailable', message, { retryAfterMs: 1_000 });
}

/** Opaque handles mean nothing to people, and neither do their hashes. */
function shown(names: readonly string[]): string {
  const first = names.slice(0, mostNames).map((name) => (name.startsWith('token/') ? 'continuation token' : name));
  return names.length > mostNames ? `${first.join(', ')} and ${names.length - mostNames} more` : first.join(', ');
}
