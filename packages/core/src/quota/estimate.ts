/** How many tokens a call may use, guessed from its body before anybody knows. */

/** English and code: about four bytes a token (https://ai.google.dev/gemini-api/docs/tokens, read 2026-11-20). */
const bytesPerToken = 4;
/** A picture or a page counts 258 tokens a tile; what one inline file costs on the whole is anybody's guess. */
const tokensPerInlineFile = 1_000;
/** The body is looked into up to here; behind it every byte counts as text. */
const mostBytes = 4_194_304;

const inlineFile = /"data"\s*:\s*"[A-Za-z0-9+/=_-]{256,}"/g;
const answerLimit = /"(?:maxOutputTokens|max_output_tokens|max_tokens|max_completion_tokens)"\s*:\s*([0-9]{1,9})/;

const decoder = new TextDecoder('latin1');

/**
 * The prompt by its length and the answer by the most that was allowed for it. An answer without a limit counts nothing:
 * it is put right when it has come.
 */
export function estimateTokens(body: Uint8Array): number {
  const text = decoder.decode(body.subarray(0, mostBytes));
  let bytes = body.length;
  let files = 0;
  for (const [file] of text.matchAll(inlineFile)) {
    bytes -= file.length;
    files++;
  }
  const answer = Number(answerLimit.exec(text)?.[1] ?? 0);
  return Math.ceil(bytes / bytesPerToken) + files * tokensPerInlineFile + answer;
}
