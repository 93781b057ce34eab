/** The preload script: the page gets `window.gemini`, and that is all it gets. */

import { exposeGemini } from '@sluice/electron/preload';

exposeGemini();
