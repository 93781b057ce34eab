/** Recorded answers of the real API, where the machine has them. They are found by `SLUICE_GOLDEN_DIR` alone. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One recorded exchange, with the framing that its events had on the wire. */
export interface GoldenExchange {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly requestBody: Uint8Array;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** The recording holds no body, or only a part of one. */
  readonly isWhole: boolean;
}

/** Null where there is no golden data; a test then says that it was skipped, and why. */
export const goldenDir: string | null = process.env.SLUICE_GOLDEN_DIR || null;

const framing = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'date']);

interface Recording {
  readonly interactions: readonly {
    readonly request: { method: string; url: string; bodySegments?: unknown[] };
    readonly response: { statusCode: number; headers: Record<string, string>; bodySegments?: unknown[] };
  }[];
}

/** Every exchange with the Gemini Developer API that was recorded over HTTP. */
export function* goldenExchanges(): Iterable<GoldenExchange> {
  if (goldenDir === null) return;
  yield* sdkRecordings(join(goldenDir, 'js-genai'));
  yield* fixtures(join(goldenDir, 'ai-google'));
}

function* sdkRecordings(dir: string): Iterable<GoldenExchange> {
  for (const file of filesOf(dir, '.json')) {
    const { interactions } = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Recording;
    for (const [at, { request, response }] of interactions.entries()) {
      const segments = response.bodySegments ?? [];
      const isSse = response.headers['Content-Type']?.startsWith('text/event-stream') && response.statusCode === 200;
      const body = isSse ? segments.map(event).join('') : segments.map(pretty).join('');
      yield {
        name: `${file} ${at + 1}`,
        method: request.method,
        target: request.url,
        requestBody: Buffer.from(JSON.stringify(request.bodySegments?.[0] ?? {})),
        status: response.statusCode,
        headers: Object.entries(response.headers).filter(([name]) => !framing.has(name.toLowerCase())),
        body: Buffer.from(body),
        isWhole: segments.length > 0,
      };
    }
  }
}

function* fixtures(dir: string): Iterable<GoldenExchange> {
  for (const file of filesOf(dir, '')) {
    const isLive = file.startsWith('speech-translation');
    if (isLive) continue;
    const text = readFileSync(join(dir, file), 'utf8');
    const isInteraction = file.startsWith('interactions--');
    const isStream = file.endsWith('.chunks.txt');
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const verb = isStream ? 'streamGenerateContent?alt=sse' : 'generateContent';
    const isError = file.includes('429');
    // A refusal lets its model rest, and the others should not have to wait for it.
    const model = isError ? 'gemini-refused' : 'gemini-recorded';
    yield {
      name: file,
      method: 'POST',
      target: isInteraction ? '/v1beta/interactions' : `/v1beta/models/${model}:${verb}`,
      requestBody: Buffer.from('{"contents":[{"parts":[{"text":"recorded"}]}]}'),
      status: isError ? 429 : 200,
      headers: [['Content-Type', isStream ? 'text/event-stream' : 'application/json; charset=UTF-8']],
      body: Buffer.from(isStream ? lines.map((line) => frame(line, isInteraction)).join('') : text),
      isWhole: true,
    };
  }
}

function filesOf(dir: string, ending: string): string[] {
  return readdirSync(dir)
    .filter((file) => file.endsWith(ending))
    .sort();
}

function event(segment: unknown): string {
  return `data: ${JSON.stringify(segment)}\r\n\r\n`;
}

function pretty(segment: unknown): string {
  return `${JSON.stringify(segment, null, 2)}\n`;
}

function frame(line: string, isInteraction: boolean): string {
  if (!isInteraction) return `data: ${line}\r\n\r\n`;
  const { event_type } = JSON.parse(line) as { event_type?: string };
  return `event: ${event_type}\ndata: ${line}\n\n`;
}
