/** Reads `multipart/related`: the description of a file, and the file. */

/** One part, cut out of the body. */
export interface Part {
  /** Without its parameters; null when the part does not say. */
  readonly type: string | null;
  readonly bytes: Uint8Array;
}

/** @returns the parts in order, or null when the body is not what its content type says */
export function partsOf(contentType: string, body: Uint8Array): readonly Part[] | null {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) return null;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const parts: Part[] = [];
  let at = bytes.indexOf(`--${boundary}`);
  while (at >= 0) {
    const start = at + boundary.length + 2;
    if (bytes.toString('latin1', start, start + 2) === '--') return parts;
    const headEnd = bytes.indexOf('\r\n\r\n', start);
    // A part without a body: its delimiter begins with the line break that ends its head.
    const end = headEnd < 0 ? -1 : bytes.indexOf(`\r\n--${boundary}`, headEnd + 2);
    if (end < 0) return null;
    const head = bytes.toString('latin1', start, headEnd);
    const type = /^content-type:[ \t]*([^\s;]+)/im.exec(head)?.[1] ?? null;
    parts.push({ type, bytes: bytes.subarray(headEnd + 4, end) });
    at = end + 2;
  }
  return null;
}
