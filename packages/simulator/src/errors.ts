import { type FoundError, foundErrors } from './gemini/found-errors.ts';
import type { GoogleError } from './gemini/google-error.ts';
import { quotaError } from './gemini/quota-error.ts';
import { debugInfo, errorInfo, localized, retryInfo, service } from './gemini/rpc-details.ts';

/** Names of the error bodies: those of the steps, and those that the fake Gemini finds itself. */
export type ErrorName =
  | FoundError
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
  | '400-too-long'
  | '404'
  | '429'
  | '429-day'
  | '429-limit-zero'
  | '429-bare'
  | '429-billing'
  | '429-int64'
  | '429-negative'
  | '429-nan'
  | '429-1e9'
  | '429-zero'
  | '500'
  | '503'
  | '503-capacity'
  | '504'
  | '529';

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
  '400-too-long': {
    code: 400,
    message: 'The input token count (1250000) exceeds the maximum number of tokens allowed (1048576).',
    status: 'INVALID_ARGUMENT',
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
  '429-int64': retryAfter('9223372036854775807s'),
  '429-negative': retryAfter('-1s'),
  '429-nan': retryAfter('NaNs'),
  '429-1e9': retryAfter('1e9s'),
  '429-zero': retryAfter('0s'),
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
  '529': {
    code: 529,
    message: 'Overloaded',
    status: 'UNAVAILABLE',
  },

  ...foundErrors,
};

function retryAfter(retryDelay: string): GoogleError {
  return {
    code: 429,
    message: 'Resource has been exhausted (e.g. check quota).',
    status: 'RESOURCE_EXHAUSTED',
    details: [retryInfo(retryDelay)],
  };
}
