/** What a doorway is here: a process that can be sent raw inputs, and what is known of it beforehand. */

/** Where a client comes in. */
export interface Doorway {
  readonly name: string;
  /** The module of its subject, and the name under which it is exported; null for the proxy, which is a program. */
  readonly subject: { readonly module: URL; readonly name: string } | null;
  /** Without `hardenServer`. @default false */
  readonly isBare?: boolean;
  /** What the framework answers on its own, by the name of the input, and why. */
  readonly own: Readonly<Record<string, OwnAnswer>>;
}

/** An answer that is not the gateway's. */
export interface OwnAnswer {
  readonly status: number;
  readonly why: string;
}
