/** Waits for a fact, and says which one when it does not come. */

const stepMs = 5;

/** @throws Error that names the fact, when it is not there after `withinMs` */
export async function until(fact: string, withinMs: number, isThere: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await isThere())) {
    if (performance.now() > giveUpAt) throw new Error(`${fact}: not so after ${Math.round(withinMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}
