/** A Google error as data: `{model}`, `{version}` and the other names in braces are filled in when it is sent. */
export interface GoogleError {
  readonly code: number;
  readonly message: string;
  readonly status: string;
  readonly details?: readonly Readonly<Record<string, unknown>>[] | undefined;
}
