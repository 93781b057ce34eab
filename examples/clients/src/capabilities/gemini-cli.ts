/** gemini-cli: a program with one purpose, which takes up its sessions again. */

import { geminiCli, inHome, session } from '../clients/gemini-cli.ts';
import { promptUses } from './prompts.ts';
import { type CapableClient, noCall } from './use.ts';

/** What it can be asked for without a terminal, beside prompts and tools. */
export const capableGeminiCli: CapableClient = {
  client: geminiCli,
  uses: {
    ...promptUses(geminiCli),
    chat: (place) =>
      inHome(async function* (home) {
        const model = ['--model', 'gemini-2.5-flash'];
        yield* session([...model, '--prompt', 'Why is the sky blue?'], home, place);
        yield* session([...model, '--resume', 'latest', '--prompt', 'And in the evening?'], home, place);
      }),
    longDecode: { lacks: 'It knows no continuation: its answer ends with the first hop, direct as well.' },
    ...{ embeddings: noCall, tokens: noCall, models: noCall, json: noCall, several: noCall, images: noCall },
    ...{
      videos: noCall,
      speech: noCall,
      transcription: noCall,
      decisions: noCall,
      tuning: noCall,
      tunedModels: noCall,
    },
    ...{ upload: noCall, largeUpload: noCall, files: noCall, fileInPrompt: noCall, register: noCall },
    ...{ caches: noCall, cacheInPrompt: noCall },
    ...{ batches: noCall, batchCancelled: noCall, batchOfFile: noCall, batchOfEmbeddings: noCall },
    ...{ stores: noCall, storeImport: noCall, storeUpload: noCall, storeInPrompt: noCall },
    ...{ interactions: noCall, interactionStreamed: noCall, interactionContinued: noCall },
    ...{ interactionInBackground: noCall, agents: noCall, environments: noCall, webhooks: noCall, gone: noCall },
    ...{ live: noCall, liveTools: noCall, liveResumed: noCall, liveToken: noCall, music: noCall },
  },
};
