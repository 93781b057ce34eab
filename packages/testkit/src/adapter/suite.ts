/** What each part of the adapter's contract is given. */

import type { AdapterSubject, TakeDown } from './stage.ts';

/** The subject, and where tests leave what has to be taken down. */
export interface AdapterSuite {
  readonly subject: AdapterSubject;
  readonly takeDown: TakeDown;
}
