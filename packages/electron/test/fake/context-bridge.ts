/** The world of the page gets copies: plain data, and functions in whose place others stand. */
export class FakeContextBridge {
  readonly #window: Record<string, unknown>;

  constructor(window: Record<string, unknown>) {
    this.#window = window;
  }

  exposeInMainWorld(name: string, api: unknown): void {
    if (name in this.#window) throw new Error(`Cannot bind an API on top of an existing property on the window object`);
    this.#window[name] = deepFreeze(copied(api));
  }
}

/**
 * By the table of the documentation: functions and promises are proxied, errors keep nothing but their message, prototypes
 * and everything that is on them is dropped, symbols cannot be sent, the rest goes by structured clone.
 */
function copied(value: unknown, depth = 0): unknown {
  if (depth > 1_000) throw new Error('Electron contextBridge recursion depth exceeded.');
  if (typeof value === 'symbol') throw new Error('An object could not be cloned.');
  if (typeof value === 'function') return proxied(value as (...args: unknown[]) => unknown);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Promise)
    return value.then(
      (result: unknown) => copied(result),
      (error: unknown) => Promise.reject(copied(error)),
    );
  if (value instanceof Error) return new Error(value.message);
  if (Array.isArray(value)) return value.map((member) => copied(member, depth + 1));
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Date || value instanceof Blob)
    return structuredClone(value);
  const entries = Object.entries(value).map(([name, member]) => [name, copied(member, depth + 1)] as const);
  return Object.fromEntries(entries);
}

function proxied(fn: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    const copies = args.map((arg) => copied(arg));
    try {
      return copied(fn(...copies));
    } catch (error) {
      throw copied(error);
    }
  };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
