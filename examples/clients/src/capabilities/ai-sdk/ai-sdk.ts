/** The AI SDK with its provider for Google. */

import { createGoogleGenerativeAI, type GoogleGenerativeAIProvider } from '@ai-sdk/google';
import { aiSdk } from '../../clients/ai-sdk.ts';
import type { CapabilityName } from '../capability.ts';
import { promptUses } from '../prompts.ts';
import { type CapableClient, noCall, type Place, type Use } from '../use.ts';
import { interactionUses } from './interactions.ts';
import { mediaUses } from './media.ts';
import { soundUses } from './sound.ts';
import { textUses } from './text.ts';

/** A use of the provider. */
export type AiSdkUse = (google: GoogleGenerativeAIProvider, place: Place) => AsyncIterable<unknown>;
/** Some of its uses, by the names of their rows. */
export type AiSdkUses<Name extends CapabilityName> = Readonly<Record<Name, AiSdkUse>>;

const uses = { ...textUses, ...mediaUses, ...soundUses, ...interactionUses };
const bound = Object.entries(uses).map(([name, use]: [string, AiSdkUse]): [string, Use] => [
  name,
  (place) => use(createGoogleGenerativeAI({ apiKey: place.key, baseURL: `${place.url}/v1beta` }), place),
]);

/** The AI SDK, which knows much of the API and keeps little of what it makes. */
export const capableAiSdk: CapableClient = {
  client: aiSdk,
  uses: {
    ...(Object.fromEntries(bound) as Record<keyof typeof uses, Use>),
    ...promptUses(aiSdk),
    tokens: noCall,
    models: noCall,
    several: noCall,
    tuning: noCall,
    tunedModels: noCall,
    largeUpload: noCall,
    files: noCall,
    register: noCall,
    caches: noCall,
    batchOfFile: noCall,
    batchOfEmbeddings: noCall,
    stores: noCall,
    storeImport: noCall,
    storeUpload: noCall,
    environments: noCall,
    webhooks: noCall,
    gone: noCall,
    liveTools: noCall,
    liveResumed: noCall,
    music: noCall,
  } satisfies Record<CapabilityName, Use | typeof noCall>,
  // It looks after what takes a while by itself, and fetches a video from wherever it is told that it lies.
  worlds: { videos: { fileUris: 'own' }, interactionInBackground: { interactionMs: 0 } },
};
