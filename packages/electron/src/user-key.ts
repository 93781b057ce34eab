/** The user's API key: where it is kept, and whether it is in use. */

import { SluiceError } from '@sluice/core';
import * as z from 'zod';
import type { KeyState } from './contract.ts';
import type { KeyFile } from './key-file.ts';
import type { OsEncryption } from './os-encryption.ts';
import { seal, sealedSchema, unseal } from './passphrase.ts';
import { canBeKey } from './request-schemas.ts';

/** What the file says. */
const savedSchema = z.discriminatedUnion('by', [
  z.strictObject({ version: z.literal(1), by: z.literal('os'), text: z.base64() }),
  z.strictObject({ version: z.literal(1), by: z.literal('passphrase'), sealed: sealedSchema }),
]);
type Saved = z.infer<typeof savedSchema>;

const purpose = 'gemini-key|1';

/** How it stands, and the key where one can be used; `given` are keys of the app, which are not the user's. */
export type Standing = Pick<KeyState, 'state' | 'reason'> & { readonly key: string | null };

/** What a {@link UserKey} works with. */
export interface UserKeyParts {
  readonly file: KeyFile;
  readonly os: OsEncryption;
  /** Takes the key into use, or out of it, before anybody is told that it is so. */
  readonly onChange: (standing: Standing) => Promise<void>;
  readonly wallNow: () => number;
}

/** One thing at a time: what is asked meanwhile waits. */
export class UserKey {
  readonly #parts: UserKeyParts;
  readonly #isGiven: boolean;
  #standing: Standing;
  #saved: Saved | null = null;
  /** There is a file that is not understood, or that nobody here can decrypt. */
  #isUnreadable = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param atFirst - as long as nobody has looked; where keys are given, they serve users who have none */
  constructor(atFirst: Standing, parts: UserKeyParts) {
    this.#standing = atFirst;
    this.#isGiven = atFirst.reason === 'given';
    this.#parts = parts;
  }

  get standing(): Standing {
    return this.#standing;
  }

  state(): Promise<KeyState> {
    return this.#inTurn(() => this.#shown());
  }

  /** Reads what was saved. A file that makes no sense is left where it is. */
  load(): Promise<void> {
    return this.#inTurn(async () => this.#stand(await this.#read()));
  }

  /** @throws SluiceError `storage_unavailable` when the disk refuses; then nothing has changed */
  save(key: string, passphrase: string | undefined): Promise<KeyState> {
    return this.#inTurn(async () => {
      const saved = await this.#encrypted(key, passphrase);
      if (saved !== null) {
        await this.#onDisk(async () => {
          if (this.#isUnreadable) await this.#parts.file.keepAside(this.#parts.wallNow());
          await this.#parts.file.write(JSON.stringify(saved));
        });
        this.#saved = saved;
        this.#isUnreadable = false;
      }
      if (saved === null) await this.#stand({ state: 'session', reason: 'no_encryption', key });
      else await this.#stand({ state: 'saved', reason: saved.by, key });
      return this.#shown();
    });
  }

  /** @throws SluiceError `unauthorized` for a wrong passphrase, `not_found` where nothing is locked */
  unlock(passphrase: string): Promise<KeyState> {
    return this.#inTurn(async () => {
      if (this.#standing.state !== 'locked' || this.#saved?.by !== 'passphrase')
        throw new SluiceError('not_found', 'There is no key that waits for a passphrase.');
      const key = await unseal(this.#saved.sealed, passphrase, purpose);
      if (key === null || !canBeKey(key))
        throw new SluiceError('unauthorized', 'That is not the passphrase of the saved key.');
      await this.#stand({ state: 'saved', reason: 'passphrase', key });
      return this.#shown();
    });
  }

  forget(): Promise<KeyState> {
    return this.#inTurn(async () => {
      await this.#onDisk(() => this.#parts.file.delete());
      this.#saved = null;
      this.#isUnreadable = false;
      await this.#stand(this.#withoutOne('nothing_saved'));
      return this.#shown();
    });
  }

  async #read(): Promise<Standing> {
    const { file, os } = this.#parts;
    // A file that may not be read is not lost either.
    const text = await file.read().catch(() => '');
    if (text === null) return this.#withoutOne('nothing_saved');
    this.#saved = understood(text);
    if (this.#saved?.by === 'passphrase') return { state: 'locked', reason: 'passphrase', key: null };
    const read =
      this.#saved !== null && (await os.isThere()) ? await os.decrypt(Buffer.from(this.#saved.text, 'base64')) : null;
    if (read === null || !canBeKey(read.text)) {
      this.#isUnreadable = true;
      return this.#withoutOne('unreadable');
    }
    if (read.isStale) await this.#encryptAgain(read.text);
    return { state: 'saved', reason: 'os', key: read.text };
  }

  /** The system has a better key for it now. Where that fails the old one is still good. */
  async #encryptAgain(key: string): Promise<void> {
    const saved = await this.#encrypted(key, undefined).catch(() => null);
    if (saved === null) return;
    await this.#parts.file.write(JSON.stringify(saved)).then(
      () => {
        this.#saved = saved;
      },
      () => {},
    );
  }

  async #encrypted(key: string, passphrase: string | undefined): Promise<Saved | null> {
    if (passphrase !== undefined) return { version: 1, by: 'passphrase', sealed: await seal(key, passphrase, purpose) };
    if (!(await this.#parts.os.isThere())) return null;
    const bytes = await this.#onDisk(() => this.#parts.os.encrypt(key));
    return { version: 1, by: 'os', text: bytes.toString('base64') };
  }

  #withoutOne(reason: 'nothing_saved' | 'unreadable'): Standing {
    return this.#isGiven ? { state: 'session', reason: 'given', key: null } : { state: 'none', reason, key: null };
  }

  async #stand(standing: Standing): Promise<void> {
    await this.#parts.onChange(standing);
    this.#standing = standing;
  }

  async #shown(): Promise<KeyState> {
    const { state, reason } = this.#standing;
    return { state, reason, encryption: (await this.#parts.os.isThere()) ? 'os' : 'passphrase' };
  }

  async #onDisk<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      const message = `The key could not be written (${code}). It stays as it was.`;
      throw new SluiceError('storage_unavailable', message, { cause: error });
    }
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

function understood(text: string): Saved | null {
  try {
    return savedSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
