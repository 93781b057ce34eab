import { sluice } from '@sluice/next';
import { provider } from '../../../src/provider.ts';
import { callerOf } from '../../../src/sessions.ts';

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = sluice({ ...provider(process.env), callers: callerOf });
