/** `@google/genai`: file search stores. */

import type { GoogleGenAI } from '@google/genai';
import { uploaded } from './files.ts';
import type { GenaiUses } from './genai.ts';

const minute = 60_000;
const mimeType = 'text/plain';

/** Makes one. @returns its name */
export async function store({ fileSearchStores }: GoogleGenAI, displayName = 'Tales'): Promise<string> {
  return (await fileSearchStores.create({ config: { displayName } })).name ?? '';
}

function intoStore({ fileSearchStores }: GoogleGenAI, fileSearchStoreName: string, displayName: string) {
  const file = new Blob([`Once upon a time, ${displayName}`]);
  return fileSearchStores.uploadToFileSearchStore({ fileSearchStoreName, file, config: { mimeType, displayName } });
}

/** The rows about stores. */
export const storeUses: GenaiUses<'stores' | 'storeImport' | 'storeUpload' | 'storeInPrompt'> = {
  async *stores(ai) {
    const { fileSearchStores } = ai;
    const first = await fileSearchStores.create({ config: { displayName: 'Tales' } });
    yield first;
    await store(ai, 'Songs');
    const name = first.name ?? '';
    yield await fileSearchStores.get({ name });
    for await (const one of await fileSearchStores.list({ config: { pageSize: 1 } })) yield one;
    await fileSearchStores.delete({ name });
  },
  async *storeImport(ai, { pass }) {
    const { name: fileName = '' } = await uploaded(ai, 'Once upon a time', 'Tale');
    const fileSearchStoreName = await store(ai);
    const operation = await ai.fileSearchStores.importFile({ fileSearchStoreName, fileName });
    yield operation;
    pass(minute);
    yield await ai.operations.get({ operation });
  },
  async *storeUpload(ai, { pass }) {
    const parent = await store(ai);
    const operation = await intoStore(ai, parent, 'One');
    yield operation;
    await intoStore(ai, parent, 'Two');
    pass(minute);
    yield await ai.operations.get({ operation });
    const { documents } = ai.fileSearchStores;
    const names: string[] = [];
    for await (const document of await documents.list({ parent, config: { pageSize: 1 } })) {
      yield document;
      names.push(document.name ?? '');
    }
    const [name = ''] = names;
    yield await documents.get({ name });
    await documents.delete({ name, config: { force: true } });
  },
  async *storeInPrompt(ai) {
    const config = { tools: [{ fileSearch: { fileSearchStoreNames: [await store(ai)] } }] };
    yield await ai.models.generateContent({ model: 'gemini-2.5-flash', contents: 'How does it end?', config });
  },
};
