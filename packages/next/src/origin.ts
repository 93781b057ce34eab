/** Under which origin a client reaches the app. The address in a request that Next hands out is often that of a socket. */

/** A name or an address, and perhaps a port; nothing that could begin a path, or another host. */
const hostShape = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/**
 * As Next itself has it: what was forwarded goes before `host`, and Next fills in what nobody has forwarded.
 *
 * @param field - a header field by its lower-case name
 * @returns null where no host is told
 */
export function originBy(field: (name: string) => string | null): string | null {
  const host = [field('x-forwarded-host'), field('host')].map(firstOf).find((one) => hostShape.test(one));
  if (host === undefined) return null;
  return `${/^https$/i.test(firstOf(field('x-forwarded-proto'))) ? 'https' : 'http'}://${host}`;
}

/** Of a list the first: the one that the client met. */
function firstOf(value: string | null): string {
  return (value ?? '').split(',', 1)[0]?.trim() ?? '';
}
