import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Who encrypts: macOS's or Windows's own, a keyring of Linux, nobody (a password that everybody knows), nothing at all. */
export type Keyring = 'keychain' | 'gnome_libsecret' | 'kwallet6' | 'basic_text' | 'unknown' | 'unavailable';

/** What systems remember of an app; the same across restarts. */
const passwords = new Map<Keyring, Buffer>();
const wellKnown = Buffer.alloc(32, 'peanuts');

/** Another user, or another machine. */
export function forgetKeyrings(): void {
  passwords.clear();
}

export class FakeSafeStorage {
  /** What the system says with the next decryption: its key has been rotated. */
  isStale = false;
  readonly encrypted: string[] = [];
  readonly #keyring: Keyring;
  readonly #isReady: () => boolean;
  declare isAsyncEncryptionAvailable?: () => Promise<boolean>;
  declare encryptStringAsync?: (text: string) => Promise<Buffer>;
  declare decryptStringAsync?: (bytes: Buffer) => Promise<{ result: string; shouldReEncrypt: boolean }>;
  /** Only on Linux. */
  declare getSelectedStorageBackend?: () => string;

  constructor(keyring: Keyring, isReady: () => boolean, isAsync = true) {
    this.#keyring = keyring;
    this.#isReady = isReady;
    if (keyring !== 'keychain' && keyring !== 'unavailable')
      this.getSelectedStorageBackend = () => (isReady() ? keyring : 'unknown');
    if (!isAsync) return;
    this.isAsyncEncryptionAvailable = async () => this.isEncryptionAvailable();
    this.encryptStringAsync = async (text) => this.encryptString(text);
    this.decryptStringAsync = async (bytes) => ({ result: this.decryptString(bytes), shouldReEncrypt: this.isStale });
  }

  isEncryptionAvailable(): boolean {
    return this.#isReady() && this.#keyring !== 'unavailable';
  }

  encryptString(text: string): Buffer {
    if (!this.isEncryptionAvailable()) throw new Error('Error while encrypting the text provided to safeStorage.');
    this.encrypted.push(text);
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#password(), iv);
    const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from('v11'), iv, cipher.getAuthTag(), bytes]);
  }

  decryptString(bytes: Buffer): string {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#password(), bytes.subarray(3, 15));
      decipher.setAuthTag(bytes.subarray(15, 31));
      return Buffer.concat([decipher.update(bytes.subarray(31)), decipher.final()]).toString('utf8');
    } catch {
      throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptString.');
    }
  }

  #password(): Buffer {
    if (this.#keyring === 'basic_text') return wellKnown;
    const known = passwords.get(this.#keyring) ?? randomBytes(32);
    passwords.set(this.#keyring, known);
    return known;
  }
}
