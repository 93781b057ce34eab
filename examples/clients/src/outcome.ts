/** What became of a call, as data that can be compared. */

import type { Endpoint } from './contract.ts';

/** What a client gave before it was done or failed. */
export interface Outcome {
  readonly values: readonly unknown[];
  /** Null when nothing was thrown. */
  readonly error: Readonly<Record<string, unknown>> | null;
}

/** Runs a call to whatever end it comes. Never rejects. */
export async function outcomeOf(call: AsyncIterable<unknown>, endpoint: Endpoint): Promise<Outcome> {
  const values: unknown[] = [];
  let error: Outcome['error'] = null;
  try {
    // Read at once: some clients go on changing what they have given.
    for await (const value of call) values.push(comparable(value, endpoint));
  } catch (thrown) {
    error = comparable(told(thrown), endpoint) as Outcome['error'];
  }
  return { values, error };
}

/** An error with all that its owner can read, but for the stack. */
function told(thrown: unknown): Readonly<Record<string, unknown>> {
  if (!(thrown instanceof Error)) return { thrown };
  const { name, message, cause } = thrown;
  const known = cause === undefined ? {} : { cause: told(cause) };
  return { class: thrown.constructor.name, ...thrown, name, message, ...known };
}

/** RFC 9110 §7.6.1: these belong to a connection and not to the answer that came over it. */
const connectionFields: ReadonlySet<string> = new Set(['connection', 'keep-alive']);

/** What a client measures with its own stop-watch. */
const measuredFields: ReadonlySet<string> = new Set(['performance', 'duration_ms']);

/** Fields that clients fill in themselves, by chance or by the clock. */
const mintedFields = /^(id|toolCallId|tool_call_id|messageId|session_id|tool_id|runId|lc_run_id)$/;
const mintedValue =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

/** The outcome without a field, wherever it stands. */
export function withoutField(outcome: Outcome, dropped: string): Outcome {
  return JSON.parse(JSON.stringify(outcome), (name, field: unknown) => (name === dropped ? undefined : field));
}

/** An outcome in two words, for people. */
export function summaryOf({ error }: Outcome): string {
  if (error === null) return 'an answer';
  const status = error.status ?? error.statusCode ?? error.code;
  return `\`${[error.class, status].filter((word) => word !== undefined).join(' ')}\``;
}

/** Plain data without ids, dates, addresses and the fields of the gateway and of the connection, so that what is left is the client's doing. */
function comparable(value: unknown, { url }: Endpoint): unknown {
  const text = JSON.stringify(value, (name, field: unknown) => {
    if (name.startsWith('x-sluice-') || connectionFields.has(name) || measuredFields.has(name)) return undefined;
    if (field instanceof Headers) return Object.fromEntries(field);
    if (field instanceof Error && name !== '') return told(field);
    return field;
  });
  if (text === undefined) return null;
  return JSON.parse(text.replaceAll(url, 'BASE_URL').replace(mintedValue, '…'), (name, field: unknown) =>
    typeof field === 'string' && mintedFields.test(name) ? '…' : field,
  );
}
