/** One question over the gateway on the page's own origin, and the answer's text as it comes. Runs in the browser. */

/** What was said so far, as Gemini has it. */
export type Contents = readonly {
  readonly role: 'user' | 'model';
  readonly parts: readonly { readonly text: string }[];
}[];

interface Event {
  readonly candidates?: readonly {
    readonly content?: { readonly parts?: readonly { readonly text?: string; readonly thought?: boolean }[] };
    readonly finishReason?: string;
  }[];
  readonly promptFeedback?: { readonly blockReason?: string };
  readonly error?: { readonly message: string };
}

const url = '/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';

/** @throws Error whose message is for people; whatever it is when the signal was aborted */
export async function answerTo(
  contents: Contents,
  onText: (piece: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ contents }),
    signal,
  };
  const response = await fetch(url, init).catch((error: unknown) => {
    throw signal.aborted ? error : new Error('The server cannot be reached.');
  });
  if (response.status === 401) throw new Error('Your session is over. Load the page again.');
  if (!response.ok || response.body === null)
    throw new Error(complaint(await response.text()) ?? `The server answered ${response.status}.`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let reason: string | null = null;
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const events = (rest + piece.value).split(/\r?\n\r?\n/);
      rest = events.pop() ?? '';
      for (const event of events) {
        if (event.startsWith('data:')) reason = heard(JSON.parse(event.slice(5)) as Event, onText) ?? reason;
        else rest = event + rest;
      }
    }
  } catch (error) {
    if (signal.aborted) throw error;
    // An answer that breaks ends with a bare error, and then with the connection.
    throw new Error(
      complaint(rest) ?? (error instanceof TypeError ? 'The answer broke off.' : (error as Error).message),
    );
  }
  if (reason === null) throw new Error(complaint(rest) ?? 'The answer broke off.');
  if (reason !== 'STOP') throw new Error(`The model stopped here: ${reason}.`);
}

/** @returns why it has ended, once it has */
function heard({ candidates, promptFeedback, error }: Event, onText: (piece: string) => void): string | null {
  if (error) throw new Error(error.message);
  const [candidate] = candidates ?? [];
  for (const { text, thought } of candidate?.content?.parts ?? []) if (text && !thought) onText(text);
  return candidate?.finishReason ?? promptFeedback?.blockReason ?? null;
}

function complaint(text: string): string | null {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return null;
  }
}
