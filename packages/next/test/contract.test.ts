import { describeAdapter } from '@sluice/testkit';
import { mounted, withNext } from './running-next.ts';

withNext();

/** Next knows seven methods in the app router, and answers the others itself. */
const ownAnswers = { 'a method that nobody knows': 400, 'a method that came later': 400 };
/** It sends by chunks whatever has a length, and says what its pages vary by. */
const ownHeaders = ['content-length', 'transfer-encoding', 'vary', 'cache-control'];

describeAdapter({
  name: 'the app router of Next',
  mendsTargets: true,
  ownHeaders,
  ownAnswers: { ...ownAnswers, 'the mount path with a slash': 308 },
  mount: (mounts) => mounted('app', mounts),
});

describeAdapter({
  name: 'the app router of Next, on the edge',
  mendsTargets: true,
  ownHeaders,
  ownAnswers: { ...ownAnswers, 'the mount path with a slash': 308 },
  mount: (mounts) => mounted('edge', mounts),
});

describeAdapter({
  name: 'the pages router of Next',
  mendsTargets: true,
  ownHeaders: ['vary'],
  ownAnswers: { 'the mount path with a slash': 308 },
  mount: (mounts) => mounted('pages', mounts),
});
