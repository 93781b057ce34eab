/** Names for requests: unique, and nothing can be read out of them but their order within one process. */

/** Made with the first request, because some runtimes have no random numbers before there is one. */
let prefix = '';
let count = 0;

/** A name that no other request has. Counting on costs a hundredth of a UUID. */
export function newRequestId(): string {
  if (prefix === '') prefix = crypto.randomUUID().replaceAll('-', '').slice(0, 16);
  count++;
  return `${prefix}-${count.toString(36)}`;
}
