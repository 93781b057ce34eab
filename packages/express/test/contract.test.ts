import { describeAdapter } from '@sluice/testkit/adapters';
import { subject } from './subject.ts';

describeAdapter(subject, { rawInputs: true });
