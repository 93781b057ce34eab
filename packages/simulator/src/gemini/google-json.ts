/** One line with a space after each colon and none after a comma: how Google writes the events of a stream. */
export function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(',')}]`;
  if (value === null || typeof value !== 'object') return scalar(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([name, field]) => `${scalar(name)}: ${oneLine(field)}`).join(',')}}`;
}

/** Two spaces a level and a line feed at the end: how Google writes whole answers and errors. */
export function pretty(value: unknown): string {
  return `${htmlSafe(JSON.stringify(value, null, 2))}\n`;
}

function scalar(value: unknown): string {
  return htmlSafe(JSON.stringify(value ?? null));
}

/** Google escapes these three inside strings; outside of strings JSON has none of them. */
function htmlSafe(json: string): string {
  return json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}
