/** `@google/genai` in two versions: the same methods, some of which one of them refuses. */

import { GoogleGenAI } from '@google/genai';
import { GoogleGenAI as GoogleGenAI1 } from 'genai-1';
import { googleGenai } from '../../clients/google-genai.ts';
import { googleGenai1 } from '../../clients/google-genai-1.ts';
import type { Client } from '../../contract.ts';
import type { CapabilityName } from '../capability.ts';
import { promptUses } from '../prompts.ts';
import { type CapableClient, noCall, type Place, type Use, type Uses } from '../use.ts';
import { batchUses } from './batches.ts';
import { fileUses } from './files.ts';
import { goneInteractions, goneOf } from './gone.ts';
import { interactionUses } from './interactions.ts';
import { liveByToken, liveUses } from './live.ts';
import { modelUses } from './models.ts';
import { storeUses } from './stores.ts';

/** A use of the SDK, whatever its version. */
export type GenaiUse = (ai: GoogleGenAI, place: Place) => AsyncIterable<unknown>;

/** Some of its uses, by the names of their rows. */
export type GenaiUses<Name extends CapabilityName> = Readonly<Record<Name, GenaiUse>>;

type Maker = (key: string, url: string, apiVersion?: string) => GoogleGenAI;

const withVersion = (apiVersion: string | undefined) => (apiVersion === undefined ? {} : { apiVersion });
const newest: Maker = (apiKey, baseUrl, version) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl, ...withVersion(version) } });
/** The classes of two versions are strangers to each other, their calls are not. */
const older: Maker = (apiKey, baseUrl, version) =>
  new GoogleGenAI1({ apiKey, httpOptions: { baseUrl, ...withVersion(version) } }) as unknown as GoogleGenAI;

const uses = { ...modelUses, ...fileUses, ...batchUses, ...storeUses, ...interactionUses, ...liveUses };

function usesOf(client: Client, maker: Maker): Uses {
  const bound = Object.entries(uses).map(([name, use]: [string, GenaiUse]): [string, Use] => [
    name,
    (place) => use(maker(place.key, place.url), place),
  ]);
  return {
    ...(Object.fromEntries(bound) as Record<keyof typeof uses, Use>),
    ...promptUses(client),
    several: noCall,
    speech: noCall,
    transcription: noCall,
    decisions: noCall,
    gone: ({ url, key }) => goneOf(maker(key, url)),
    // The SDK wants it so for tokens.
    liveToken: ({ url, key }) => liveByToken((shown) => maker(shown, url, 'v1alpha'), key),
  };
}

/** The newest one. */
export const capableGenai: CapableClient = {
  client: googleGenai,
  uses: {
    ...usesOf(googleGenai, newest),
    async *gone({ url, key }) {
      yield* goneOf(newest(key, url));
      yield* goneInteractions(newest(key, url));
    },
  },
};

/** The one that gemini-cli and many programs still have. */
export const capableGenai1: CapableClient = {
  client: googleGenai1,
  uses: {
    ...usesOf(googleGenai1, older),
    longDecode: { lacks: 'It knows no continuation: its answer ends with the first hop, direct as well.' },
    register: noCall,
    ...{ interactions: noCall, interactionStreamed: noCall, interactionContinued: noCall },
    ...{ interactionInBackground: noCall, agents: noCall, environments: noCall, webhooks: noCall },
  },
};
