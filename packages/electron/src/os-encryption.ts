/** The encryption of the operating system, where it is one. */

/** What is used of Electron's `safeStorage`; the asynchronous half is not there in all releases, nor is the backend. */
export interface SafeStorage {
  isEncryptionAvailable(): boolean;
  encryptString(text: string): Buffer;
  decryptString(bytes: Buffer): string;
  isAsyncEncryptionAvailable?(): Promise<boolean>;
  encryptStringAsync?(text: string): Promise<Buffer>;
  decryptStringAsync?(bytes: Buffer): Promise<{ readonly result: string; readonly shouldReEncrypt: boolean }>;
  getSelectedStorageBackend?(): string;
}

/** Backends of Linux that encrypt with a password that stands in Chromium's source, or that are not chosen yet. */
const noEncryption: ReadonlySet<string> = new Set(['basic_text', 'unknown']);

/** Usable when the app is ready, not before. */
export class OsEncryption {
  readonly #storage: SafeStorage;

  constructor(storage: SafeStorage) {
    this.#storage = storage;
  }

  /** Asked each time: a keyring may come, and may go. */
  async isThere(): Promise<boolean> {
    // Only Linux has backends; elsewhere there is no such function.
    if (noEncryption.has(this.#storage.getSelectedStorageBackend?.() ?? '')) return false;
    const isThere = await this.#storage.isAsyncEncryptionAvailable?.();
    return isThere ?? this.#storage.isEncryptionAvailable();
  }

  async encrypt(text: string): Promise<Buffer> {
    return (await this.#storage.encryptStringAsync?.(text)) ?? this.#storage.encryptString(text);
  }

  /** @returns null when it cannot be read here: another user, another machine, another keyring */
  async decrypt(bytes: Buffer): Promise<{ readonly text: string; readonly isStale: boolean } | null> {
    try {
      const read = await this.#storage.decryptStringAsync?.(bytes);
      if (read !== undefined) return { text: read.result, isStale: read.shouldReEncrypt };
      return { text: this.#storage.decryptString(bytes), isStale: false };
    } catch {
      return null;
    }
  }
}
