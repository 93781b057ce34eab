import { GoogleGenAI } from 'genai-1';
import type { Client } from '../contract.ts';
import { connection, type Models } from './google-genai.ts';

/** Google's own SDK as gemini-cli and many programs still have it: other error handling, other stream reading. */
export const googleGenai1: Client = {
  name: '@google/genai',
  packages: ['genai-1'],
  connect({ url, key }) {
    const { models } = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
    // The classes of two versions are strangers to each other, their calls are not.
    return connection({ models: models as unknown as Models });
  },
};
