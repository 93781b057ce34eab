import type { GoogleError } from './google-error.ts';
import { badRequest, errorInfo } from './rpc-details.ts';

/** Names of the errors that the fake Gemini finds itself. */
export type FoundError =
  | 'no-credential'
  | 'many-credentials'
  | 'bad-json'
  | 'missing-field'
  | 'bad-value'
  | 'not-allowed'
  | 'exists'
  | 'file-not-active'
  | 'file-not-generated'
  | 'cache-unknown'
  | 'cache-too-small'
  | 'cache-of-another-model'
  | 'cache-and-instructions'
  | 'not-found'
  | 'not-yours'
  | 'store-not-empty'
  | 'tuning'
  | 'continuation-unknown'
  | 'interaction-bad'
  | 'interaction-over'
  | 'no-oauth'
  | 'live-full';

/** Those errors, in Google's words. */
export const foundErrors: Readonly<Record<FoundError, GoogleError>> = {
  'no-credential': {
    code: 403,
    message:
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other " +
      'form of API consumer identity to call this API.',
    status: 'PERMISSION_DENIED',
  },
  'many-credentials': {
    code: 400,
    message: 'Multiple authentication credentials received. Please pass only one.',
    status: 'INVALID_ARGUMENT',
  },
  'bad-json': {
    code: 400,
    message: 'Invalid JSON payload received. {why}',
    status: 'INVALID_ARGUMENT',
    details: [badRequest('Invalid JSON payload received. {why}')],
  },
  'missing-field': {
    code: 400,
    message: '* {field}: {why}\n',
    status: 'INVALID_ARGUMENT',
  },
  'bad-value': {
    code: 400,
    message: "Invalid value at '{field}' ({type}), {why}",
    status: 'INVALID_ARGUMENT',
    details: [badRequest("Invalid value at '{field}' ({type}), {why}")],
  },
  'not-allowed': {
    code: 403,
    message: 'The caller does not have permission',
    status: 'PERMISSION_DENIED',
  },
  exists: {
    code: 409,
    message: 'Requested entity already exists',
    status: 'ALREADY_EXISTS',
  },
  'file-not-active': {
    code: 400,
    message: 'The File {file} is not in an ACTIVE state and usage is not allowed.',
    status: 'FAILED_PRECONDITION',
  },
  'file-not-generated': {
    code: 400,
    message: 'The File {file} was not generated and cannot be downloaded.',
    status: 'INVALID_ARGUMENT',
  },
  'cache-unknown': {
    code: 403,
    message: 'CachedContent not found (or permission denied)',
    status: 'PERMISSION_DENIED',
  },
  'cache-too-small': {
    code: 400,
    message: 'Cached content is too small. total_token_count={tokens}, min_total_token_count={least}',
    status: 'INVALID_ARGUMENT',
  },
  'cache-of-another-model': {
    code: 400,
    message:
      'Model used by GenerateContent request (models/{model}) and CachedContent (models/{cached}) has to be the same.',
    status: 'INVALID_ARGUMENT',
  },
  'cache-and-instructions': {
    code: 400,
    message:
      'CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.\n\n' +
      'Proposed fix: move those values to CachedContent from GenerateContent request.',
    status: 'INVALID_ARGUMENT',
  },
  'not-found': {
    code: 404,
    message: 'Requested entity was not found.',
    status: 'NOT_FOUND',
  },
  'not-yours': {
    code: 403,
    message: 'You do not have permission to access the {kind} {name} or it may not exist.',
    status: 'PERMISSION_DENIED',
  },
  'store-not-empty': {
    code: 400,
    message: 'Cannot delete a resource that is not empty. Set force to true to delete everything in it.',
    status: 'FAILED_PRECONDITION',
  },
  tuning: {
    code: 400,
    message: 'The tuned model {name} is not ready: its state is CREATING.',
    status: 'FAILED_PRECONDITION',
  },
  'continuation-unknown': {
    code: 400,
    message: 'Invalid continuation token.',
    status: 'INVALID_ARGUMENT',
  },
  'interaction-bad': {
    code: 400,
    message: '{why}',
    status: 'INVALID_ARGUMENT',
  },
  'interaction-over': {
    code: 400,
    message: 'The interaction is not in progress.',
    status: 'FAILED_PRECONDITION',
  },
  'no-oauth': {
    code: 401,
    message:
      'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other ' +
      'valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
    status: 'UNAUTHENTICATED',
    details: [errorInfo('CREDENTIALS_MISSING')],
  },
  'live-full': {
    code: 429,
    message:
      'You exceeded your current quota, please check your plan and billing details: too many concurrent sessions.',
    status: 'RESOURCE_EXHAUSTED',
  },
};
