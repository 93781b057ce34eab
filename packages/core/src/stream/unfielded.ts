/** The JSON of an event that stands on several lines. */

const lineEnd = /\r\n|\r|\n/;
const field = /^data(?:: ?|$)/;
/** Nearly no text has one, and to look for it is cheap. */
const maybeField = /[\r\n]data/;

/**
 * The text without the names of fields: all lines behind the first begin with one, where the text comes out of an event,
 * and lines of other fields are none of it. JSON that is only printed on many lines stays as it is: none of them begins so.
 *
 * @param text - from behind the first field name on
 */
export function unfielded(text: string): string {
  if (!maybeField.test(text)) return text;
  const [first = '', ...others] = text.split(lineEnd);
  if (!others.some((line) => field.test(line))) return text;
  return [first, ...others.filter((line) => field.test(line)).map((line) => line.replace(field, ''))].join('\n');
}
