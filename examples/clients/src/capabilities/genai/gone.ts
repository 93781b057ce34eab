/** `@google/genai`: what was deleted, kind by kind. */

import type { GoogleGenAI } from '@google/genai';
import { refusalOf } from '../use.ts';
import { cached, uploaded } from './files.ts';
import { store } from './stores.ts';

/** What every version has. */
export async function* goneOf(ai: GoogleGenAI): AsyncIterable<unknown> {
  const { files, caches, fileSearchStores, batches } = ai;
  const file = { name: (await uploaded(ai, 'one', 'One')).name ?? '' };
  await files.delete(file);
  yield await refusalOf(files.get(file));
  yield await refusalOf(files.delete(file));
  const cache = { name: (await cached(ai, 'One')).name ?? '' };
  await caches.delete(cache);
  yield await refusalOf(caches.get(cache));
  const tales = { name: await store(ai) };
  await fileSearchStores.delete(tales);
  yield await refusalOf(fileSearchStores.get(tales));
  const src = [{ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }];
  const batch = { name: (await batches.create({ model: 'gemini-2.5-flash', src })).name ?? '' };
  await batches.delete(batch);
  yield await refusalOf(batches.get(batch));
}

/** What newer ones have beside that. */
export async function* goneInteractions({ interactions, environments }: GoogleGenAI): AsyncIterable<unknown> {
  const { id = '' } = await interactions.create({ model: 'gemini-2.5-flash', input: 'Hello' });
  await interactions.delete(id);
  yield await refusalOf(interactions.get(id));
  const environment = (await environments.create({})).id ?? '';
  await environments.delete(environment);
  yield await refusalOf(environments.get(environment));
}
