/** Keys that are refused, and methods for which no key is enough. Keys are left out, and the numbers of projects are replaced. */

import {
  debugInfo,
  denied,
  forGood,
  forKey,
  forRequest,
  googleError,
  info,
  localized,
  type Refusal,
  reasons,
  service,
  testData,
  triedDaily,
} from './refusal.ts';

const keyNotValid = 'API key not valid. Please pass a valid API key.';
const badToken =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';
const noKeys =
  'API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials that assert a principal. See https://cloud.google.com/docs/authentication';
const blocked = (method: string) => `Requests to this API ${service} method ${method} are blocked.`;

export const refusedKeys: readonly Refusal[] = [
  {
    kind: 'key_invalid',
    what: 'a key that is not valid',
    from: `${testData}/unary-failure-api-key.txt`,
    status: 400,
    body: googleError(
      400,
      'INVALID_ARGUMENT',
      keyNotValid,
      info('API_KEY_INVALID'),
      localized(keyNotValid),
      debugInfo('Invalid API key: key1234'),
    ),
    means: { ...forKey, ...triedDaily },
  },
  {
    kind: 'key_invalid',
    what: 'a key that has expired',
    from: 'reported, with the same reason',
    status: 400,
    body: googleError(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.', info('API_KEY_INVALID')),
    means: { ...forKey, ...triedDaily },
  },
  {
    kind: 'key_invalid',
    what: 'a key that is not there, without details',
    from: 'reported; details left out',
    status: 400,
    body: googleError(400, 'INVALID_ARGUMENT', 'API Key not found. Please pass a valid API key.'),
    means: { ...forKey, ...triedDaily },
  },
  {
    kind: 'method_not_for_keys',
    what: 'a method that asks for more than a key',
    from: 'constructed: the body of crewai in a2aproject/a2a-samples#43, with a method of this API',
    status: 401,
    body: googleError(
      401,
      'UNAUTHENTICATED',
      noKeys,
      info('CREDENTIALS_MISSING', {
        method: 'google.ai.generativelanguage.v1beta.RetrieverService.ListCorpora',
        service,
      }),
    ),
    means: forRequest,
  },
  {
    kind: 'method_not_for_keys',
    what: 'a key that was restricted to some methods',
    from: 'constructed: the body of continuedev/continue#12781, with another method',
    status: 403,
    body: denied(
      blocked('google.ai.generativelanguage.v1beta.FileService.ListFiles'),
      info('API_KEY_SERVICE_BLOCKED', {
        consumer: 'projects/12345678',
        service,
        apiName: service,
        methodName: 'google.ai.generativelanguage.v1beta.FileService.ListFiles',
      }),
    ),
    means: { ...forRequest, consumer: 'projects/12345678' },
  },
  {
    kind: 'key_unauthenticated',
    what: 'a key that is not bound',
    from: 'xalgorix/xalgorix#2',
    status: 401,
    body: googleError(401, 'UNAUTHENTICATED', badToken, {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
      metadata: { method: 'google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent', service },
    }),
    means: { ...forKey, ...triedDaily },
  },
  {
    kind: 'key_unauthenticated',
    what: 'a key of another kind, on the OpenAI path, in a list',
    from: 'discuss.ai.google.dev/t/115017',
    status: 401,
    body: [
      googleError(
        401,
        'UNAUTHENTICATED',
        noKeys,
        info('CREDENTIALS_MISSING', {
          method: 'google.ai.generativelanguage.v1main.GenerativeService.StreamGenerateContent',
          service,
        }),
      ),
    ],
    means: { ...forKey, ...triedDaily },
  },
  {
    kind: 'key_unauthenticated',
    what: 'a 401 that says nothing',
    from: 'constructed',
    status: 401,
    body: '',
    means: { ...forKey, ...triedDaily },
  },
  {
    kind: 'two_credentials',
    what: 'two credentials at once',
    from: 'reported',
    status: 400,
    body: googleError(400, 'INVALID_ARGUMENT', 'Multiple authentication credentials received. Please pass only one.'),
    means: forRequest,
  },
  {
    kind: 'key_leaked',
    what: 'a key that somebody has published',
    from: 'continuedev/continue#11541',
    status: 403,
    body: denied('Your API key was reported as leaked. Please use another API key.'),
    means: { ...forKey, ...forGood },
  },
  {
    kind: 'key_restricted',
    what: 'a key for other APIs',
    from: 'continuedev/continue#12781',
    status: 403,
    body: denied(
      blocked('google.ai.generativelanguage.v1beta.GenerativeService.StreamGenerateContent'),
      info('API_KEY_SERVICE_BLOCKED', {
        consumer: 'projects/12345678',
        service,
        apiName: service,
        methodName: 'google.ai.generativelanguage.v1beta.GenerativeService.StreamGenerateContent',
      }),
      localized(blocked('google.ai.generativelanguage.v1beta.GenerativeService.StreamGenerateContent')),
    ),
    means: { ...forKey, ...forGood, consumer: 'projects/12345678' },
  },
  {
    kind: 'key_restricted',
    what: 'a key for other pages',
    from: 'google-gemini/deprecated-generative-ai-dart#219; the reason from error_reason.proto',
    status: 403,
    body: denied('Requests from referer <empty> are blocked.', info('API_KEY_HTTP_REFERRER_BLOCKED')),
    means: { ...forKey, ...forGood },
  },
  ...['API_KEY_IP_ADDRESS_BLOCKED', 'API_KEY_ANDROID_APP_BLOCKED', 'API_KEY_IOS_APP_BLOCKED'].map(
    (reason): Refusal => ({
      kind: 'key_restricted',
      what: reason,
      from: reasons,
      status: 403,
      body: denied('x', info(reason)),
      means: { ...forKey, ...forGood },
    }),
  ),
];
