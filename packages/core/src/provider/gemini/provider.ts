/** Google's Gemini Developer API. */

import type { Provider } from '../provider.ts';
import { classify } from './classify.ts';
import { readFacts } from './error-facts.ts';
import { probeCall } from './probe.ts';
import { statusOfWord } from './status-words.ts';

/** One credential goes up, always as this header: in a query it would come back in upload URLs. */
export const geminiProvider: Provider = {
  name: 'gemini',
  credential: (key) => ['x-goog-api-key', key],
  probe: probeCall,
  statusOf: statusOfWord,
  classify: (answer) => classify(readFacts(answer)),
};
