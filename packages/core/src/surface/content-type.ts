/** What a JSON call must say of its body. */

import { SluiceError } from '../errors.ts';
import type { HeaderBag } from '../wire.ts';

const json = /^application\/json[ ]*(?:;[ ]*charset=(?:"utf-8"|utf-8)[ ]*)?;?$/i;

/**
 * What `fetch` says of a text of which its caller has said nothing: so does the cache manager of `@google/generative-ai`,
 * whose requests also name their client. Another site's page cannot do that unasked, whatever key it knows.
 */
const unsaid = 'text/plain;charset=UTF-8';

/**
 * A body that says that it is something else than JSON in UTF-8 is not sent on: between two readings of the same bytes
 * is room for mischief.
 *
 * @throws SluiceError `unsupported_media_type`
 */
export function assertJson(headers: HeaderBag): void {
  const type = headers['content-type'];
  const isUnsaid = type === unsaid && typeof headers['x-goog-api-client'] === 'string';
  if (typeof type !== 'string' || !(isUnsaid || json.test(type.trim()))) {
    const got = type === undefined ? 'none' : JSON.stringify(String(type).slice(0, 64));
    throw new SluiceError(
      'unsupported_media_type',
      `This call wants the content type application/json in UTF-8, got ${got}.`,
    );
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && !/^(?:identity|gzip)$/i.test(String(encoding))) {
    const got = JSON.stringify(String(encoding).slice(0, 64));
    throw new SluiceError(
      'unsupported_media_type',
      `A request body may be plain or gzip, got the content encoding ${got}.`,
    );
  }
}
