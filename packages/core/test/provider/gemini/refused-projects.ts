/** Projects that are refused, and what lives in another one. Keys are left out, and the numbers of projects are replaced. */

import {
  denied,
  exhausted,
  forGood,
  forProject,
  forRequest,
  googleError,
  info,
  localized,
  type Refusal,
  reasons,
  service,
  testData,
  unpaid,
} from './refusal.ts';

const suspended = "Permission denied: Consumer 'api_key:AIza…' has been suspended.";
const disabled = `Generative Language API has not been used in project 12345678 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${service}/overview?project=12345678 then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`;

export const refusedProjects: readonly Refusal[] = [
  {
    kind: 'project_service_disabled',
    what: 'a project that has not turned the API on',
    from: `${testData}/unary-failure-generativelanguage-api-not-enabled.json`,
    status: 403,
    body: denied(
      disabled,
      {
        '@type': 'type.googleapis.com/google.rpc.Help',
        links: [
          {
            description: 'Google developers console API activation',
            url: `https://console.developers.google.com/apis/api/${service}/overview?project=12345678`,
          },
        ],
      },
      info('SERVICE_DISABLED', { service, consumer: 'projects/12345678' }),
    ),
    means: { ...forProject, restMs: 600_000, endedBy: 'probe', consumer: 'projects/12345678' },
  },
  {
    kind: 'project_service_disabled',
    what: 'the same without details',
    from: `${testData}/unary-failure-generativelanguage-api-not-enabled.json, details left out`,
    status: 403,
    body: denied(disabled),
    means: { ...forProject, restMs: 600_000, endedBy: 'probe', consumer: 'projects/12345678' },
  },
  {
    kind: 'project_suspended',
    what: 'a suspended project; the body repeats the key',
    from: 'continuedev/continue#10902',
    status: 403,
    body: denied(
      suspended,
      info('CONSUMER_SUSPENDED', { consumer: 'projects/12345678', service, containerInfo: 'api_key:AIza…' }),
      localized(suspended),
    ),
    means: { ...forProject, ...forGood, consumer: 'projects/12345678' },
  },
  {
    kind: 'project_suspended',
    what: 'the same without details, which names a key and no project',
    from: 'continuedev/continue#10902, details left out',
    status: 403,
    body: denied(suspended),
    means: { ...forProject, ...forGood, consumer: null },
  },
  {
    kind: 'project_suspended',
    what: 'a project that Google wants nothing to do with',
    from: 'reported in 2026, after billing was overdue, among other causes',
    status: 403,
    body: denied('Your project has been denied access. Please contact support.'),
    means: { ...forProject, ...forGood },
  },
  ...['GCP_SUSPENDED', 'BILLING_DISABLED', 'ACCOUNT_STATE_INVALID', 'CONSUMER_INVALID'].map(
    (reason): Refusal => ({
      kind: 'project_suspended',
      what: reason,
      from: reasons,
      status: 403,
      body: denied('x', info(reason, { service, consumer: 'projects/12345678' })),
      means: { ...forProject, ...forGood, consumer: 'projects/12345678' },
    }),
  ),
  {
    kind: 'resource_of_another_project',
    what: "another project's file",
    from: 'googleapis/python-genai#1218',
    status: 403,
    body: denied('You do not have permission to access the File abc or it may not exist.'),
    means: forRequest,
  },
  {
    kind: 'resource_of_another_project',
    what: "another project's tuned model",
    from: 'google-gemini/deprecated-generative-ai-js#100',
    status: 403,
    body: denied('You do not have permission to access tuned model MODEL_NAME'),
    means: forRequest,
  },
  {
    kind: 'resource_of_another_project',
    what: 'whatever is denied on a path that names a resource',
    from: 'google-gemini/gemini-cli#25607, without its list of errors',
    status: 403,
    body: denied('The caller does not have permission'),
    more: { namesResource: true },
    means: forRequest,
  },
  {
    kind: 'project_unpaid',
    what: 'credits that are used up',
    from: 'dyad-sh/dyad#3626',
    status: 429,
    body: exhausted(
      'Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.',
    ),
    means: { ...unpaid, code: 'quota_exhausted' },
  },
  {
    kind: 'project_unpaid',
    what: 'a spending cap of the billing account',
    from: 'help.apiyi.com/en/ai-studio-monthly-spending-cap-429-solution-en.html',
    status: 429,
    body: exhausted(
      'Your billing account has exceeded its monthly spending cap. Please go to AI Studio at https://aistudio.google.com to manage your billing. Learn more at https://ai.google.dev/gemini-api/docs/billing.',
    ),
    means: { ...unpaid, code: 'quota_exhausted' },
  },
  {
    kind: 'project_needs_billing',
    what: 'a place where only those who pay are served',
    from: 'EvanZhouDev/gemini-ai#16',
    status: 400,
    body: googleError(
      400,
      'FAILED_PRECONDITION',
      'User location is not supported for the API use without a billing account linked.',
    ),
    means: unpaid,
  },
  {
    kind: 'project_needs_billing',
    what: 'the same in newer words',
    from: 'u14app/neo-chat#45',
    status: 400,
    body: googleError(
      400,
      'FAILED_PRECONDITION',
      'Gemini API free tier is not available in your country. Please enable billing on your project in Google AI Studio.',
    ),
    means: unpaid,
  },
  {
    kind: 'location_unsupported',
    what: 'the wrong place',
    from: 'FirebaseExtended/vertexai-sdk-test-data, mock-responses/vertexai/unary-failure-unsupported-user-location.json',
    status: 400,
    body: googleError(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
    means: forRequest,
  },
];
