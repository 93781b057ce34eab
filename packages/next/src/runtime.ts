/** In which of Next's runtimes this is, and what only one of them tells. */

/** What stands before every path of the app. Next writes it into what it bundles, and takes it off what Node is asked for. */
export const basePath: string = process.env.__NEXT_ROUTER_BASEPATH ?? '';

/** On Vercel's edge, or where Next plays it. There a path is whole, and the query has the parameters of the path in it. */
export const isEdge: boolean = 'EdgeRuntime' in globalThis;

/**
 * Where Next plays the edge, `process` has every function that Node's has, and each throws. Libraries that look whether
 * Node is there (`process?.getBuiltinModule?.(…)`, as p-queue does) fall for it, so this one says what is true: no such
 * module. The process of Node is never touched.
 */
export function disarm(): void {
  const { process: played } = globalThis as { process?: Partial<NodeJS.Process> };
  if (isEdge && played !== undefined) played.getBuiltinModule = () => undefined as never;
}
