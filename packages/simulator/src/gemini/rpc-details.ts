/** The details of Google's errors, as its services write them. */

type Detail = Readonly<Record<string, unknown>>;

/** The host of the API, which Google's errors and links name. */
export const service = 'generativelanguage.googleapis.com';

const typed = (name: string, fields: Detail): Detail => ({
  '@type': `type.googleapis.com/google.rpc.${name}`,
  ...fields,
});

export function errorInfo(reason: string, metadata: Readonly<Record<string, string>> = {}): Detail {
  return typed('ErrorInfo', { reason, domain: 'googleapis.com', metadata: { service, ...metadata } });
}

export function localized(message: string): Detail {
  return typed('LocalizedMessage', { locale: 'en-US', message });
}

export function retryInfo(retryDelay: string): Detail {
  return typed('RetryInfo', { retryDelay });
}

export function debugInfo(detail: string): Detail {
  return typed('DebugInfo', { detail });
}

export function badRequest(description: string): Detail {
  return typed('BadRequest', { fieldViolations: [{ description }] });
}

export function help(description: string, url: string): Detail {
  return typed('Help', { links: [{ description, url }] });
}

export function quotaFailure(violations: readonly Detail[]): Detail {
  return typed('QuotaFailure', { violations });
}
