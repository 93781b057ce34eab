/**
 * What large uploads take of memory, each gateway alone on a stage. The provider does not read at first, so that
 * everything in between fills up, and whoever collects what it should hold back is found out.
 */

import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import type { Way } from '../uploading.ts';
import { uploading, type Variant } from '../variants.ts';
import { uploadFiles } from './upload.ts';

/** How the memory of uploads is measured. */
export interface UploadMemoryPlan extends StageOptions {
  readonly rounds: number;
  readonly way: Way;
  readonly atOnce: number;
  /** Of each file. */
  readonly bytes: number;
  /** How long the provider reads nothing of each. */
  readonly holdMs: number;
}

/** What was found in a round. */
export interface UploadMemory {
  /** Resident memory before the files, and the most that there was while they went up. */
  readonly rssBytes: number;
  readonly mostRssBytes: number;
  readonly ms: number;
  /** What is reachable of all files together while the provider reads nothing. */
  readonly heldBytes: number;
}

const warmUpBytes = 64 * 2 ** 20;
const heldFileBytes = 16 * 2 ** 20;
const sampleMs = 20;

/** Rounds by variant. @throws Error at the first byte that is not as it has to be */
export async function measureUploadMemory(
  variants: readonly Variant[],
  plan: UploadMemoryPlan,
  onRound: (round: number, name: string) => void,
): Promise<ReadonlyMap<string, UploadMemory[]>> {
  const found = new Map<string, UploadMemory[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      onRound(round + 1, variant.name);
      const stage = await openStage([uploading(variant)], { ...plan, provider: 'uploads' });
      try {
        found.get(variant.name)?.push(await fill(stage, plan));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

async function fill(stage: Stage, plan: UploadMemoryPlan): Promise<UploadMemory> {
  const { way, atOnce, bytes, holdMs } = plan;
  const [subject] = stage.subjects as [Subject];
  // One at a time: room for eight at once must not be there already.
  await uploadFiles(stage, subject, { way, atOnce: 1, bytes: warmUpBytes, isHashed: true });
  const { rssBytes } = await subject.vitals();
  let mostRssBytes = rssBytes;
  let isOver = false;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      mostRssBytes = Math.max(mostRssBytes, (await subject.vitals()).rssBytes);
      await new Promise((resolve) => setTimeout(resolve, sampleMs));
    }
  };
  await stage.upstream.ask('hold', { ms: holdMs });
  const files = uploadFiles(stage, subject, { way, atOnce, bytes, isHashed: true }).finally(() => {
    isOver = true;
  });
  const [{ ms }] = await Promise.all([files, watch()]);
  return { rssBytes, mostRssBytes, ms, heldBytes: await heldBytes(stage, subject, plan) };
}

/** Afterwards, for a collection in the midst of the files would change what is resident. */
async function heldBytes(stage: Stage, subject: Subject, { way, atOnce, holdMs }: UploadMemoryPlan): Promise<number> {
  await subject.child.ask('forget-code');
  const before = await subject.liveBytes();
  const files = uploadFiles(stage, subject, { way, atOnce, bytes: heldFileBytes, isHashed: true });
  // What goes wrong with them is told below.
  files.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, holdMs / 2));
  const after = await subject.liveBytes();
  await files;
  return after - before;
}
