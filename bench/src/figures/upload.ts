/** Uploads: how fast files go up, and what that costs, beside a pipe that does nothing but swap the key. */

import { isBase } from '../cells.ts';
import type { Door } from '../closed-slice.ts';
import type { UploadsOrder, UploadsResult } from '../load/uploads.ts';
import { openStage, type Stage, type StageOptions } from '../stage.ts';
import { callerKey } from '../traffic.ts';
import type { Way } from '../uploading.ts';
import type { Seen } from '../upstream.ts';
import { uploading, type Variant } from '../variants.ts';
import type { Vitals } from '../vitals.ts';
import { direct, directDoor } from './latency.ts';

/** How uploads are measured. */
export interface UploadPlan extends StageOptions {
  readonly pairs: number;
  readonly slicesPerPair: number;
  /** All files of a slice together. */
  readonly sliceBytes: number;
  /** How many files go up at once. */
  readonly atOnce: readonly number[];
}

/** One kind of slice. */
export interface UploadKind {
  readonly way: Way;
  readonly atOnce: number;
}

/** What was found of one kind through one door, slice by slice: one list for each pair of processes. */
export interface Uploaded extends UploadKind {
  readonly name: string;
  readonly bytesPerMs: number[][];
  /** CPU µs of the gateway per MiB. Of no meaning for `direct`. */
  readonly cpuUsPerMiB: number[][];
}

/** What was found of all, `direct` among them. */
export interface Uploads {
  readonly found: readonly Uploaded[];
  readonly bytes: number;
  /** What generator or provider has used of a core beside the raw pipe, at most. */
  readonly endsShare: number;
}

/** Files that are known by no other number. */
let lastNumber = 0;
const mebibyte = 2 ** 20;

/** @throws Error at the first byte, or answer, that is not as it has to be */
export async function measureUploads(
  variants: readonly Variant[],
  plan: UploadPlan,
  onPair: (pair: number) => void,
): Promise<Uploads> {
  const kinds = (['resumable', 'multipart'] as const).flatMap((way) => plan.atOnce.map((atOnce) => ({ way, atOnce })));
  const names = [direct, ...variants.map(({ name }) => name)];
  const found = kinds.flatMap((kind) =>
    names.map((name): Uploaded => ({ ...kind, name, bytesPerMs: [], cpuUsPerMiB: [] })),
  );
  const total = { bytes: 0, endsShare: 0 };
  for (let pair = 0; pair < plan.pairs; pair++) {
    onPair(pair + 1);
    const stage = await openStage((pair % 2 === 0 ? variants : variants.toReversed()).map(uploading), {
      ...plan,
      provider: 'uploads',
    });
    try {
      for (const { bytesPerMs, cpuUsPerMiB } of found) for (const slices of [bytesPerMs, cpuUsPerMiB]) slices.push([]);
      const doors = [directDoor(stage), ...stage.subjects];
      for (const door of doors) {
        for (const kind of kinds)
          await uploadFiles(stage, door, { ...kind, bytes: plan.sliceBytes / 4, isHashed: true });
      }
      for (let at = 0; at < plan.slicesPerPair; at++) {
        for (const kind of kinds) {
          for (const door of at % 2 === 0 ? doors : doors.toReversed()) {
            const one = found.find(
              ({ name, way, atOnce }) => name === door.name && way === kind.way && atOnce === kind.atOnce,
            );
            const { ms, bytes, cpuUs, endsShare } = await slice(stage, door, kind, plan);
            one?.bytesPerMs.at(-1)?.push(bytes / ms);
            one?.cpuUsPerMiB.at(-1)?.push((cpuUs / bytes) * mebibyte);
            total.bytes += bytes;
            if (door.name === 'raw') total.endsShare = Math.max(total.endsShare, endsShare);
          }
        }
      }
    } finally {
      await stage.close();
    }
  }
  return { found, ...total };
}

interface Slice {
  readonly ms: number;
  readonly bytes: number;
  readonly cpuUs: number;
  readonly endsShare: number;
}

async function slice(stage: Stage, door: Door, kind: UploadKind, { sliceBytes }: UploadPlan): Promise<Slice> {
  const subject = stage.subjects.find(({ name }) => name === door.name);
  let before: Vitals | undefined;
  let providerBefore = 0;
  const files = { ...kind, bytes: sliceBytes / kind.atOnce, isHashed: false };
  const { ms, cpuUs } = await uploadFiles(stage, door, files, async () => {
    before = await subject?.vitals();
    providerBefore = await stage.upstream.ask<number>('cpu-us');
  });
  const providerCpuUs = (await stage.upstream.ask<number>('cpu-us')) - providerBefore;
  const after = await subject?.vitals();
  return {
    ms,
    bytes: sliceBytes,
    cpuUs: (after?.cpuUs ?? 0) - (before?.cpuUs ?? 0),
    endsShare: Math.max(cpuUs, providerCpuUs) / 1e3 / ms,
  };
}

/** Files that go up at the same time. */
export interface Files extends UploadKind {
  /** Of each. */
  readonly bytes: number;
  readonly isHashed: boolean;
}

const mostRepeats = 5;
const betweenRepeatsMs = 500;

/**
 * Whoever is turned away because the gateway is overloaded comes again with all others.
 *
 * @param onBegin - called each time that it begins
 * @throws Error for everything else that is not as it has to be
 */
export async function uploadFiles(
  stage: Stage,
  door: Door,
  files: Files,
  onBegin: () => Promise<void> = async () => {},
): Promise<UploadsResult> {
  for (let repeat = 0; repeat <= mostRepeats; repeat++) {
    await onBegin();
    const result = await uploadOnce(stage, door, files);
    if (result.shed === 0) return result;
    await new Promise((resolve) => setTimeout(resolve, betweenRepeatsMs));
  }
  throw new Error(`${door.name}: files are turned away again and again (503 OVERLOADED); is the machine busy?`);
}

async function uploadOnce(
  stage: Stage,
  { name, port, key = callerKey }: Door,
  { way, atOnce, bytes, isHashed }: Files,
): Promise<UploadsResult> {
  const from = lastNumber + 1;
  lastNumber += atOnce;
  const order: UploadsOrder = { port, key, way, from, clients: atOnce, bytes, isHashed, isRewritten: !isBase(name) };
  try {
    const result = await stage.load.ask<UploadsResult>('uploads', order);
    await stage.checkUpstream(result.calls);
    return result;
  } catch (error) {
    // What the provider has seen says more: the client hears only that something was wrong.
    const { problems } = await stage.upstream.ask<Pick<Seen, 'problems'>>('seen');
    throw new Error(`${name}: ${[...problems, (error as Error).message].join('; ')}`);
  }
}
