import { quotaError } from './gemini/quota-error.ts';
import { badRequest, debugInfo, errorInfo, localized, retryInfo, service } from './gemini/rpc-details.ts';

/** A Google error as data: `{model}`, `{version}` and the other names in braces are filled in when it is sent. */
export interface GoogleError {
  readonly code: number;
  readonly message: string;
  readonly status: string;
  readonly details?: readonly Readonly<Record<string, unknown>>[] | undefined;
}

/** Names of the error bodies: those of the steps, and those that the fake Gemini finds itself. */
export type ErrorName =
  | '400'
  | '400-key-invalid'
  | '400-key-expired'
  | '401'
  | '402'
  | '403-leaked'
  | '403-suspended'
  | '403-service-disabled'
  | '403-permission'
  | '400-location'
  | '404'
  | '429'
  | '429-day'
  | '429-limit-zero'
  | '429-bare'
  | '429-billing'
  | '429-int64'
  | '500'
  | '503'
  | '503-capacity'
  | '504'
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
  | 'cache-and-instructions';

const notFound =
  'models/{model} is not found for API version {version}, or is not supported for {method}. ' +
  'Call ListModels to see the list of available models and their supported methods.';
const keyNotValid = 'API key not valid. Please pass a valid API key.';
const keyExpired = 'API key expired. Please renew the API key.';
const suspended = "Permission denied: Consumer 'api_key:{key}' has been suspended.";
const disabled =
  'Generative Language API has not been used in project {project} before or it is disabled. Enable it by visiting ' +
  `https://console.developers.google.com/apis/api/${service}/overview?project={project} then retry. If you enabled ` +
  'this API recently, wait a few minutes for the action to propagate to our systems and retry.';
const badToken =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid ' +
  'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';

/**
 * Every error body that the simulator knows, in Google's words: first those of the steps of the same name, then those
 * that the fake Gemini finds itself.
 *
 * The two with a key in them are as leaky as the real ones, so that a gateway can prove that it scrubs.
 *
 * @see https://ai.google.dev/gemini-api/docs/troubleshooting (read 2026-11-20)
 */
export const errors: Readonly<Record<ErrorName, GoogleError>> = {
  '400': {
    code: 400,
    message: 'Request contains an invalid argument.',
    status: 'INVALID_ARGUMENT',
  },
  '400-key-invalid': {
    code: 400,
    message: keyNotValid,
    status: 'INVALID_ARGUMENT',
    details: [errorInfo('API_KEY_INVALID'), localized(keyNotValid), debugInfo('Invalid API key: {key}')],
  },
  '400-key-expired': {
    code: 400,
    message: keyExpired,
    status: 'INVALID_ARGUMENT',
    details: [errorInfo('API_KEY_INVALID'), localized(keyExpired)],
  },
  '401': {
    code: 401,
    message: badToken,
    status: 'UNAUTHENTICATED',
    details: [errorInfo('ACCESS_TOKEN_TYPE_UNSUPPORTED', { method: 'google.ai.generativelanguage.{rpc}' })],
  },
  '402': {
    code: 402,
    message: 'This request needs a project with active billing.',
    status: 'FAILED_PRECONDITION',
  },
  '403-leaked': {
    code: 403,
    message: 'Your API key was reported as leaked. Please use another API key.',
    status: 'PERMISSION_DENIED',
  },
  '403-suspended': {
    code: 403,
    message: suspended,
    status: 'PERMISSION_DENIED',
    details: [
      errorInfo('CONSUMER_SUSPENDED', { consumer: 'projects/{project}', containerInfo: 'api_key:{key}' }),
      localized(suspended),
    ],
  },
  '403-service-disabled': {
    code: 403,
    message: disabled,
    status: 'PERMISSION_DENIED',
    details: [
      errorInfo('SERVICE_DISABLED', { consumer: 'projects/{project}', serviceTitle: 'Generative Language API' }),
      localized(disabled),
    ],
  },
  '403-permission': {
    code: 403,
    message: 'You do not have permission to access the File {file} or it may not exist.',
    status: 'PERMISSION_DENIED',
  },
  '400-location': {
    code: 400,
    message: 'User location is not supported for the API use.',
    status: 'FAILED_PRECONDITION',
  },
  '404': {
    code: 404,
    message: notFound,
    status: 'NOT_FOUND',
    details: [debugInfo(`[ORIGINAL ERROR] generic::not_found: ${notFound}`)],
  },
  '429': quotaError([{ kind: 'requestsPerMinute', limit: '{limit}' }]),
  '429-day': quotaError([{ kind: 'requestsPerDay', limit: '{limit}' }]),
  '429-limit-zero': quotaError([{ kind: 'requestsPerDay', limit: '0' }]),
  '429-bare': {
    code: 429,
    message: 'Resource has been exhausted (e.g. check quota).',
    status: 'RESOURCE_EXHAUSTED',
  },
  '429-billing': {
    code: 429,
    message:
      'Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your ' +
      'project and billing.',
    status: 'RESOURCE_EXHAUSTED',
  },
  '429-int64': {
    code: 429,
    message: 'Resource has been exhausted (e.g. check quota).',
    status: 'RESOURCE_EXHAUSTED',
    details: [retryInfo('9223372036854775807s')],
  },
  '500': {
    code: 500,
    message:
      'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
    status: 'INTERNAL',
  },
  '503': {
    code: 503,
    message:
      'This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again later.',
    status: 'UNAVAILABLE',
  },
  '503-capacity': {
    code: 503,
    message: 'No capacity available for model {model} on the server',
    status: 'UNAVAILABLE',
    details: [errorInfo('MODEL_CAPACITY_EXHAUSTED', { model: '{model}' })],
  },
  '504': {
    code: 504,
    message: 'Deadline expired before operation could complete.',
    status: 'DEADLINE_EXCEEDED',
  },

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
};
