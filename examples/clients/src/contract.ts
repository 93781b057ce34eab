/** What every client is asked to do here, in its own words, and what comes back. */

/** What is asked. */
export interface Ask {
  readonly model: string;
  readonly prompt: string;
}

/** Where a client is pointed, and what it shows there. Nothing else is told to it. */
export interface Endpoint {
  /** Without a slash at its end, and without a version. */
  readonly url: string;
  readonly key: string;
}

/**
 * A client that has been pointed somewhere. Each call gives what the client itself gives, piece by piece, and throws
 * what the client throws.
 */
export interface Connection {
  /** The answer in one piece. */
  unary(ask: Ask): AsyncIterable<unknown>;
  /** The pieces of an answer as they come. */
  streamed(ask: Ask): AsyncIterable<unknown>;
  /** The model's call of a function, then the answer to what the function returned. */
  tools(ask: Ask): AsyncIterable<unknown>;
  /** The model's call of a function out of a stream. */
  toolsStreamed(ask: Ask): AsyncIterable<unknown>;
}

/** The name of a call. */
export type CallName = keyof Connection;

/** A library or a program that people point at Gemini. */
export interface Client {
  readonly name: string;
  /** Where its packages are installed; the first one's version stands for it. */
  readonly packages: readonly string[];
  /** Calls that it does not have, each with the reason. */
  readonly lacks?: Partial<Readonly<Record<CallName, string>>> | undefined;
  connect(endpoint: Endpoint): Connection;
}

/** The function that the model may call. */
export const weather = {
  name: 'getWeather',
  description: 'Tells the weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', description: 'Name of the city.' } },
    required: ['city'],
  },
  result: { weather: 'sunny' },
} as const;
