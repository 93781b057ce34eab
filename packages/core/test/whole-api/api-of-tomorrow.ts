/** A provider with an API that the gateway has never heard of: sketches, which lie in one project each. */

import type { Answer, RecordedRequest, Step } from '@sluice/simulator';
import type { Mounted } from '@sluice/testkit';
import { keyOf, projects } from '../journey/two-callers.ts';

/** What each project keeps, by its id. */
export type Shelves = Readonly<Record<string, string[]>>;

/** A picture, as far as anybody here can tell. */
export const picture: Uint8Array = Uint8Array.from({ length: 3_000 }, (_, at) => (at * 7) % 256);

/** Lets every project of a simulator speak it. @returns what they keep, to look at and to change */
export function playTomorrow({ simulator }: Mounted): Shelves {
  const shelves = Object.fromEntries(projects.map((id) => [id, [] as string[]]));
  let made = 0;
  const next = (project: string): string => {
    const name = `sketches/s${++made}-of-${project}`;
    shelves[project]?.push(name);
    return name;
  };
  for (const project of projects) {
    const shelf = shelves[project] as string[];
    const step: Step = (request) => (/\/sketches/.test(request.target) ? answer(request, project, shelf, next) : 'ok');
    simulator.plan(keyOf[project] as string, [step]);
  }
  return shelves;
}

function answer(
  { method, target }: RecordedRequest,
  project: string,
  shelf: string[],
  next: (project: string) => string,
): Answer {
  const [path = '', query = ''] = target.split('?', 2);
  const [, name = ''] = /(sketches\/[^/:?]+)/.exec(path) ?? [];
  const verb = /:([a-z]+)$/i.exec(path)?.[1] ?? null;
  if (name !== '' && !shelf.includes(name))
    return json(404, { error: { code: 404, status: 'NOT_FOUND', message: name } });
  if (method === 'DELETE') {
    shelf.splice(shelf.indexOf(name), 1);
    return json(200, {});
  }
  if (method === 'PATCH') return json(200, { name, preview: { fileUri: left(project, 'patched') } });
  if (method === 'GET' && name === '') return json(200, pageOf(shelf, new URLSearchParams(query)));
  if (verb === 'copy')
    return json(200, { copies: [{ sketch: { name: next(project) } }, { sketch: { name: next(project) } }] });
  if (verb === 'follow')
    return events([{ step: 1 }, { done: { name: next(project), file: { name: left(project, 'streamed') } } }]);
  if (verb === 'export') {
    const headers = [['content-type', 'image/png']] as const;
    return { status: 200, headers, chunks: [picture.subarray(0, 999), picture.subarray(999)], streamed: true };
  }
  if (/\/layers$/.test(path)) return json(200, { name: `${name}/layers/l1` });
  if (method === 'GET') return json(200, { name, at: project, result: { uri: left(project, 'read') } });
  return json(200, { name: next(project), by: { name: 'models/painter' }, input: { name: 'files/given' } });
}

/** The provider's own host names what is left beside a sketch. */
function left(project: string, how: string): string {
  return `https://generativelanguage.googleapis.com/v3/files/${how}-in-${project}`;
}

function pageOf(shelf: readonly string[], query: URLSearchParams): object {
  const from = Number((query.get('pageToken') ?? 'at-0').slice('at-'.length));
  const size = Number(query.get('pageSize') ?? 10);
  const sketches = shelf.slice(from, from + size).map((name) => ({ name }));
  const isMore = from + size < shelf.length;
  if (sketches.length === 0) return {};
  return isMore ? { sketches, nextPageToken: `at-${from + size}` } : { sketches };
}

function json(status: number, body: object): Answer {
  return { status, headers: [['content-type', 'application/json']], chunks: [Buffer.from(JSON.stringify(body))] };
}

function events(all: readonly object[]): Answer {
  const chunks = all.map((one) => Buffer.from(`data: ${JSON.stringify(one)}\n\n`));
  return { status: 200, headers: [['content-type', 'text/event-stream']], chunks, streamed: true };
}
