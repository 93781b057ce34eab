/** The second part of the page: a row for each capability, a column for each client. */

import { versionOf } from '../version.ts';
import { type CapabilityName, capabilities } from './capability.ts';
import { everybody } from './everybody.ts';
import { judgementOf } from './judgement.ts';
import type { Trial } from './trial.ts';

/** That part as text. */
export function capabilityPart(trials: readonly Trial[]): string {
  const reasons: string[] = [];
  const cell = (trial: Trial) => {
    const judged = judgementOf(trial);
    for (const reason of judged.reasons) if (!reasons.includes(reason)) reasons.push(reason);
    return [judged.text, ...judged.reasons.map((reason) => `[^c${reasons.indexOf(reason) + 1}]`)].join(' ');
  };
  const rows = Object.entries(capabilities).map(([name, { title, what }]) => {
    const cells = everybody.map((client) => {
      const trial = trials.find((one) => one.client === client && one.name === (name as CapabilityName));
      if (trial === undefined) throw new Error(`${client.client.name} was not tried at "${title}"`);
      return cell(trial);
    });
    return `| **${title}**: ${what} | ${cells.join(' | ')} |`;
  });
  const heads = everybody.map(({ client }) => `\`${client.name}\` ${versionOf(client.packages[0] ?? '')}`);
  return `${intro}
| | ${heads.join(' | ')} |
|${' --- |'.repeat(heads.length + 1)}
${rows.join('\n')}

${reasons.map((reason, at) => `[^c${at + 1}]: ${reason}`).join('\n')}
`;
}

const intro = `## What they can do through a pool

Here the gateway has three projects with two keys each, and a neighbour with a cached content, a store and a batch of its
own. Everything that a client can ask of the API is asked of it, by its base URL alone, and of one project directly. What
comes back is compared as above; names that Google makes up are numbered in the order in which they come. A client takes
those steps of a row that it has methods for. Pictures, sound and decisions are the same few bytes at both ends, because
the simulated models have none of their own; files and batches in the dialect of OpenAI are a stand-in as well.

- **same**: it works, and the client gives the same
- **differs**: it works but for what the note says
- **fails**: it works directly, and not through a gateway; the note says why
- **no**: it leads nowhere, direct as well; the note says why
- **–**: the client has no call for it
`;
