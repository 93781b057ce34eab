/** Promises that a client breaks and hands to nobody. They are its own fault, and they must not end the run. */

/** Runs something, and gives back with its result what was left unhandled meanwhile, by the names of the errors. */
export async function withStrayRejections<T>(run: () => Promise<T>): Promise<{ result: T; strays: string[] }> {
  const others = process.listeners('unhandledRejection');
  const strays: string[] = [];
  const collect = (reason: unknown) =>
    void strays.push(reason instanceof Error ? reason.constructor.name : `${reason}`);
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', collect);
  try {
    const result = await run();
    // Node tells of them once the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    return { result, strays };
  } finally {
    process.off('unhandledRejection', collect);
    for (const listener of others) process.on('unhandledRejection', listener);
  }
}
