/** The keys of a proxy as tables for people: how each stands, why, since and until when, and what ends it. */

import type { KeyState, ProjectSnapshot, Standing } from '@sluice/core';
import type { Paint } from './banner.ts';
import type { ProxyView } from './control-client.ts';
import { duration } from './duration.ts';

const colours = { ready: 'green', cooling: 'yellow', disabled: 'red' } as const;
const rank = { ready: 0, cooling: 1, disabled: 2 } as const;
const endings = { time: 'time', probe: 'a probe', operator: 'an operator' } as const;

const hint = '`keys enable ID` undoes `keys disable`; `keys reset ID` forgets every rest of a key and of its project.';

/** Everything that `keys` shows of one proxy. */
export function keyTables({ pid, origin, nowMs, snapshot }: ProxyView, paint: Paint): string {
  const { store, pools, waiting } = snapshot;
  const lines: string[] = ['', `${paint('bold', origin)}  ${paint('dim', `process ${pid}, state in ${store.name}`)}`];
  if (store.isDegraded) {
    lines.push(`${paint('yellow', 'The store does not answer')}: going by what this process knows itself.`);
  }
  for (const { name, projects } of pools) {
    lines.push('', ...table(keyHead, projects.flatMap(keyRows(nowMs)), paint));
    const models = projects.flatMap(modelRows(nowMs));
    if (models.length > 0) lines.push('', 'Models that rest', '', ...table(modelHead, models, paint));
    const counted = projects.flatMap(keysOf).filter(({ state }) => state === 'ready').length;
    const all = projects.flatMap(({ keys }) => keys).length;
    const queue = waiting === 0 ? '' : `, ${waiting} requests wait for a key`;
    lines.push('', `${paint('dim', `Pool ${name}:`)} ${counted} of ${all} keys ready${queue}`);
    const isForOperator = projects.flatMap(keysOf).some(({ endedBy }) => endedBy === 'operator');
    if (isForOperator) lines.push(paint('dim', hint));
  }
  return `${lines.join('\n')}\n\n`;
}

/** How one key stands after something was done with it. */
export function standingLine({ origin, nowMs, snapshot }: ProxyView, id: string, paint: Paint): string {
  const project = snapshot.pools
    .flatMap(({ projects }) => projects)
    .find(({ keys }) => keys.some((key) => key.id === id));
  const key = project?.keys.find((one) => one.id === id);
  if (project === undefined || key === undefined) return `${id} is gone (${origin})\n`;
  const { state, reason, untilMs } = worse(key, project);
  const until = untilMs === null ? '' : `, back ${relative(untilMs, nowMs)}`;
  const why = state === 'ready' ? '' : ` (${reason}${until})`;
  return `${id} is ${paint(colours[state], state)}${why} ${paint('dim', `at ${origin}`)}\n`;
}

interface Cell {
  readonly text: string;
  readonly state?: KeyState;
}

type Row = readonly Cell[];

const keyHead = ['key', 'project', 'tier', 'state', 'reason', 'since', 'until', 'ended by', 'in flight'];
const modelHead = ['model', 'project', 'state', 'reason', 'since', 'until', 'ended by'];

function keyRows(nowMs: number): (project: ProjectSnapshot) => Row[] {
  return (project) =>
    keysOf(project).map((standing, index) => [
      { text: standing.id },
      { text: project.id },
      { text: project.tier ?? '' },
      ...standingCells(standing, nowMs),
      // Counted by project, so it stands once.
      { text: index === 0 ? String(project.inFlight) : '' },
    ]);
}

function modelRows(nowMs: number): (project: ProjectSnapshot) => Row[] {
  return ({ id, cooling }) =>
    cooling.map((standing) => [
      { text: standing.model ?? '(calls without a model)' },
      { text: id },
      ...standingCells(standing, nowMs),
    ]);
}

function keysOf(project: ProjectSnapshot): (Standing & { readonly id: string })[] {
  return project.keys.map((key) => ({ ...worse(key, project), id: key.id }));
}

/** A key of a project that rests is of no use, whatever is known of the key. */
function worse(key: Standing, project: Standing): Standing {
  if (rank[project.state] <= rank[key.state]) return key;
  return { ...project, reason: `${project.reason ?? ''} (project)` };
}

function standingCells({ state, reason, sinceMs, untilMs, endedBy }: Standing, nowMs: number): Row {
  return [
    { text: state, state },
    { text: reason ?? '' },
    { text: sinceMs === null ? '' : relative(sinceMs, nowMs) },
    { text: untilMs === null ? '' : relative(untilMs, nowMs) },
    { text: endedBy === null ? '' : endings[endedBy] },
  ];
}

function relative(atMs: number, nowMs: number): string {
  return atMs > nowMs ? `in ${duration(atMs - nowMs)}` : `${duration(nowMs - atMs)} ago`;
}

function table(head: readonly string[], rows: readonly Row[], paint: Paint): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.text.length ?? 0)),
  );
  const line = (cells: Row): string =>
    cells
      .map(({ text, state }, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - text.length);
        return (state === undefined ? text : paint(colours[state], text)) + padding;
      })
      .join('  ')
      .trimEnd();
  return [paint('dim', line(head.map((text) => ({ text })))), ...rows.map(line)];
}
