/** Reads an answer to whatever end it comes. */

/** An answer, and how it ended. */
export interface ReadAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly text: string;
  /** Null for a clean end. */
  readonly brokenBy: Error | null;
}

/** Never rejects for a body that breaks: that is what a test wants to see. */
export async function read(response: Response): Promise<ReadAnswer> {
  const pieces: Uint8Array[] = [];
  let brokenBy: Error | null = null;
  try {
    const reader = response.body?.getReader();
    for (;;) {
      const piece = await reader?.read();
      if (piece === undefined || piece.done) break;
      pieces.push(piece.value);
    }
  } catch (error) {
    brokenBy = error as Error;
  }
  const body = Buffer.concat(pieces);
  return { status: response.status, headers: response.headers, body, text: body.toString('utf8'), brokenBy };
}
