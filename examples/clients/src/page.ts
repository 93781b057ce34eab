/** `docs/clients.md`, out of what a run has shown. */

import { capabilityPart } from './capabilities/table.ts';
import type { Trial } from './capabilities/trial.ts';
import type { Comparison } from './comparison.ts';
import type { Client } from './contract.ts';
import { roster } from './roster.ts';
import { scenarios } from './scenarios.ts';
import { verdictOf } from './verdict.ts';
import { versionOf } from './version.ts';

/** Where the page lies. */
export const pageFile: URL = new URL('../../../docs/clients.md', import.meta.url);
/** How it is written anew. */
export const rewriteCommand = 'node tools/run.mjs -- pnpm --filter @sluice/example-clients run page';

/** The page as text. */
export function pageOf(comparisons: readonly Comparison[], trials: readonly Trial[]): string {
  return `${scenarioPart(comparisons)}\n${capabilityPart(trials)}`;
}

/** Its first part: a row for each client, a column for each thing that happens to it. */
export function scenarioPart(comparisons: readonly Comparison[]): string {
  const reasons: string[] = [];
  const rows = roster.map((client) => {
    const own = comparisons.filter((comparison) => comparison.client === client);
    return `| ${[name(client), versions(client), ...own.map((comparison) => cell(comparison, reasons))].join(' | ')} |`;
  });
  const heads = ['client', 'version', ...scenarios.map(({ title }) => title)];
  return `${intro}
${scenarios.map(({ title, what }) => `- **${title}**: ${what}`).join('\n')}

| ${heads.join(' | ')} |
|${' --- |'.repeat(heads.length)}
${rows.join('\n')}

${reasons.map((reason, at) => `[^${at + 1}]: ${reason}`).join('\n')}
`;
}

const intro = `# Clients

This page is written by a run of [examples/clients](../examples/clients/README.md), and a test compares it with each
run: \`${rewriteCommand}\` rewrites it.

Each client is pointed at the gateway by its base URL and a caller key, and at the simulator of
[\`@sluice/simulator\`](../packages/simulator/README.md) in the same way. What it gives (whole objects, each piece of a
stream, errors with all their fields) is compared. Left out are ids and dates that the client makes up itself, its
stop-watches, the address, the header fields of the connection (\`connection\`, \`keep-alive\`) and our own \`x-sluice-*\`.
Retries of the clients themselves are turned off, so that it shows what one call meets. gemini-cli runs without a
terminal, and ends with the HTTP status modulo 256. Nothing here was run against Google itself.
`;

function name(client: Client): string {
  return `\`${client.name}\``;
}

function versions({ packages }: Client): string {
  const [main = '', ...others] = packages;
  const more = others.map((other) => `\`${other}\` ${versionOf(other)}`);
  return [versionOf(main), ...more].join(', ');
}

function cell(comparison: Comparison, reasons: string[]): string {
  const { text, reason } = verdictOf(comparison);
  if (reason === null) return text;
  if (!reasons.includes(reason)) reasons.push(reason);
  return `${text} [^${reasons.indexOf(reason) + 1}]`;
}
