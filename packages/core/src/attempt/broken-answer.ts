/** What an answer means that is none: by its head, or by how the watch has seen it end. */

import type { Failure } from '../failure.ts';
import type { Ending } from '../stream/watch.ts';
import type { Reception } from './reception.ts';
import * as trouble from './trouble.ts';

/** An ending that is neither whole nor an error of the provider's own. */
export type Broken = Exclude<Ending, { readonly is: 'complete' | 'error' }>;

/** A head behind which no answer comes that could be taken. */
export type Headed = Extract<Reception, { readonly as: 'redirect' | 'empty' | 'nonsense' }>;

export function noAnswer(reception: Headed, status: number): Failure {
  switch (reception.as) {
    case 'redirect':
      return trouble.redirected(status);
    case 'empty':
      return trouble.emptyAnswer();
    case 'nonsense':
      return trouble.noHttp(reception.why);
  }
}

export function brokenAnswer(ending: Broken): Failure {
  switch (ending.is) {
    case 'empty':
      return trouble.emptyAnswer();
    case 'unreadable':
      return trouble.unreadable();
    case 'truncated':
      return trouble.truncated(ending.how);
    case 'too-large':
      return trouble.tooLarge(ending.what);
  }
}
