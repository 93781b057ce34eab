/** A JSON object as it came in: nothing about its fields is known. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field by its camelCase name, in either spelling: protobuf JSON takes `fileData` and `file_data` alike. */
export function field(fields: unknown, name: string): unknown {
  if (!isFields(fields)) return undefined;
  return fields[name] ?? fields[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

/** The same for a list; anything else counts as an empty one. */
export function list(fields: unknown, name: string): readonly unknown[] {
  const value = field(fields, name);
  return Array.isArray(value) ? value : [];
}

/** The same for a text; anything else counts as none. */
export function text(fields: unknown, name: string): string | undefined {
  const value = field(fields, name);
  return typeof value === 'string' ? value : undefined;
}

/** A body that could be read, or Google's reason why not. */
export type ReadBody = { readonly fields: Fields } | { readonly why: string };

/** Reads a JSON body; none at all is an empty message, as in protobuf. */
export function readBody(bytes: Uint8Array): ReadBody {
  const json = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (json.trim() === '') return { fields: {} };
  try {
    const value: unknown = JSON.parse(json);
    return isFields(value) ? { fields: value } : { why: `Unknown name "": Root element must be a message.` };
  } catch (error) {
    // V8 usually says where; Google shows the place with a caret under it.
    const isCut = /end of JSON input|Unterminated/.test(String(error));
    const at = isCut ? json.length : Number(/position (\d+)/.exec(String(error))?.[1] ?? 0);
    const reason = isCut ? 'Unexpected end of string' : 'Unexpected token';
    const before = json.slice(Math.max(0, at - 20), at).replace(/\s/g, ' ');
    return {
      why: `${reason}.\n${before}${json.slice(at, at + 20).replace(/\s/g, ' ')}\n${' '.repeat(before.length)}^`,
    };
  }
}
