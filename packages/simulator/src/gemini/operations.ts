/** Long-running operations: named after what they work on, done after a while, and kept by their project. */

import type { SimulatedProject } from '../contract.ts';
import type { Fields } from './body.ts';
import type { Call } from './call.ts';
import { pageReply } from './pages.ts';
import { Refused } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { type Keepable, newId } from './shelf.ts';
import type { World } from './world.ts';

/** Work that takes a while. Its id is its whole name. */
export interface Operation extends Keepable {
  readonly metadata: Fields | undefined;
  readonly doneMs: number;
  /** What has come of it; asked for once, when somebody looks behind its end. */
  readonly result: () => Fields;
}

/** Begins work whose result is made when it is first looked at. */
export function startOperation(
  owner: string,
  { metadata, result }: { readonly metadata?: Fields; result(): Fields },
  project: SimulatedProject,
  world: World,
): Operation {
  let made: Fields | null = null;
  const operation: Operation = {
    id: `${owner}/operations/${newId(16)}`,
    expiresMs: Infinity,
    metadata,
    doneMs: world.now() + world.operationMs,
    result: () => (made ??= result()),
  };
  world.belongings(project).operations.put(operation);
  return operation;
}

/** An operation as the API shows it: `done` is left out until it is. */
export function operationJson({ id, metadata, doneMs, result }: Operation, world: World): Fields {
  const isDone = world.now() >= doneMs;
  return { name: id, metadata, ...(isDone ? { done: true, response: result() } : {}) };
}

/** Answers calls about operations. */
export function answerOperationCall(call: Call, project: SimulatedProject, world: World): Reply {
  const { operations } = world.belongings(project);
  if (call.method === 'listOperations') {
    return pageReply(operations, call, world, {
      name: 'operations',
      usual: 10,
      most: 100,
      show: (operation) => operationJson(operation, world),
      isListed: ({ id }) => id.startsWith(`${call.resource}/`),
    });
  }
  const operation = operations.get(call.resource, world.now());
  if (operation === null) throw new Refused('not-found');
  return jsonReply(operationJson(operation, world), world.now());
}

/** The type of a message, as it stands in an `Any`. */
export function messageType(name: string): string {
  return `type.googleapis.com/google.ai.generativelanguage.v1main.${name}`;
}
