/** All raw inputs, B01 to B90. */

import type { RawInput } from './input.ts';
import { bodies } from './rows/body.ts';
import { costly } from './rows/costly.ts';
import { doors } from './rows/doors.ts';
import { framing } from './rows/framing.ts';
import { heads } from './rows/head.ts';
import { talks } from './rows/talk.ts';
import { targets } from './rows/target.ts';

/** In the order of their ids. */
export const rawInputs: readonly RawInput[] = [
  ...framing,
  ...heads,
  ...targets,
  ...bodies,
  ...talks,
  ...costly,
  ...doors,
];
