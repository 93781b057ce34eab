/** The preload script that is shipped whole, as `preload.cjs`: a sandboxed one can load no second file. */

import { exposeGemini } from './preload.ts';

exposeGemini();
