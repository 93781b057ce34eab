/** What a person reads when the proxy has started. It goes to stderr, so that stdout stays a log that machines can read. */

import { styleText } from 'node:util';
import type { CallersFrom } from './configuration.ts';

/** What the banner says. */
export interface Banner {
  /** `http://127.0.0.1:8787` */
  readonly origin: string;
  /** The address that is listened on, as it was asked for. */
  readonly listening: string;
  readonly isDemo: boolean;
  readonly callersFrom: CallersFrom;
  /** The key that was made, and where it is kept; null when callers were named. */
  readonly made: { readonly key: string; readonly path: string } | null;
  /** The store that does not answer; null when all is well. */
  readonly lostStore: string | null;
  /** What was put right, in sentences without an end. */
  readonly warnings: readonly string[];
}

/** How a piece of it looks. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Colours for a terminal that has them and no `NO_COLOR`. */
export const paintFor: (stream: NodeJS.WritableStream) => Paint = (stream) => (format, text) =>
  styleText(format, text, { stream });

/** The whole banner, ready to be written. Each command is one line, so that it can be pasted from any terminal. */
export function bannerText(banner: Banner, paint: Paint): string {
  const { origin, listening, isDemo } = banner;
  const dim = (text: string): string => paint('dim', text);
  const key = keyInShell(banner);
  const lines = ['', `  ${paint('bold', 'Sluice')} listens on ${paint(['bold', 'cyan'], listening)}`, ''];
  for (const warning of banner.warnings) lines.push(`  ${paint(['black', 'bgYellow'], ' KEYS ')} ${warning}.`, '');
  if (isDemo) {
    lines.push(`  ${paint(['black', 'bgYellow'], ' DEMO ')} No Gemini key is set: a simulator answers, not Gemini.`);
    lines.push(`  ${dim('Set GEMINI_API_KEYS and start again for the real thing.')}`);
    lines.push(`  ${dim('What the simulator keeps (files, caches, batches …) is gone when this process ends.')}`, '');
  }
  if (banner.lostStore !== null) {
    lines.push(
      `  ${paint(['black', 'bgYellow'], ' STORE ')} ${banner.lostStore} does not answer: going by memory until it does.`,
      '',
    );
  }
  lines.push(`  ${hint(banner)}`, '');
  lines.push(`  ${dim('Watch an answer stream in:')}`, curlLine(origin, key), '');
  lines.push(`  ${dim("Point Google's SDKs and gemini-cli here:")}`, `export GOOGLE_GEMINI_BASE_URL=${origin}`);
  if (key !== null) lines.push(`export GEMINI_API_KEY=${key}`);
  lines.push('', `  ${dim(`All other clients: ${origin}/`)}`, '', '');
  return lines.join('\n');
}

function curlLine(origin: string, key: string | null): string {
  const url = `${origin}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`;
  const credential = key === null ? '' : ` -H "x-goog-api-key: ${key}"`;
  const body = JSON.stringify({ contents: [{ parts: [{ text: 'Why is the sky blue?' }] }] });
  return `curl -N "${url}"${credential} -H "content-type: application/json" -d '${body}'`;
}

/** What stands in a shell command for the key: the key itself only when it was made for being shown here. */
function keyInShell({ callersFrom, made }: Banner): string | null {
  if (made !== null) return made.key;
  if (callersFrom === 'anyone') return null;
  return typeof callersFrom === 'object' && callersFrom.isBareKey ? `$${callersFrom.variable}` : '$SLUICE_KEY';
}

function hint({ callersFrom, made }: Banner): string {
  if (made !== null) return `The caller key was made for you and is kept in ${made.path}`;
  if (callersFrom === 'anyone') return 'Anyone on this machine may call: no key is asked for.';
  const { variable, isBareKey } =
    typeof callersFrom === 'object' ? callersFrom : { variable: 'the configuration file', isBareKey: false };
  return isBareKey
    ? `Paste these in a shell where ${variable} is set: it holds the caller key.`
    : `First put one of the caller keys into SLUICE_KEY: they are in ${variable}.`;
}
