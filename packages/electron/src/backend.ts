/** Everything in the main process, put together. */

import { join } from 'node:path';
import { createGateway, type Gateway, type PoolOptions, SluiceError, systemClock } from '@sluice/core';
import type { App, IpcMain } from 'electron';
import { askThrough } from './ask.ts';
import { questions, takenChannel } from './channels.ts';
import { ChatStreams } from './chat-streams.ts';
import type { ChatRequest, KeyState } from './contract.ts';
import { Door } from './incoming.ts';
import { KeyFile } from './key-file.ts';
import { type AppGatewayOptions, type GivenKeys, optionsFor, settle } from './key-options.ts';
import { OsEncryption, type SafeStorage } from './os-encryption.ts';
import * as schemas from './request-schemas.ts';
import { type TrustOptions, trustRule } from './trusted-frames.ts';
import { type Standing, UserKey } from './user-key.ts';

/** What an app says of its backend; all of it may be left out. */
export interface GeminiOptions extends TrustOptions {
  /** For requests that name no model. @default 'gemini-2.5-flash' */
  model?: string | undefined;
  /** Retries, breakers, time-outs, cache: everything of a gateway but its keys and its callers. @default {} */
  gateway?: AppGatewayOptions | undefined;
  /** Where the user's key is good for: `baseUrl`. @default {} */
  pool?: Omit<PoolOptions, 'projects'> | undefined;
  /** Keys that the app brings for users who have none: `{ keys: process.env.GEMINI_API_KEYS }`. @default none */
  given?: GivenKeys | undefined;
  /** The user's key lies here, in a folder `sluice` that only the user may open. @default app.getPath('userData') */
  dataDir?: string | undefined;
  /** The largest request of a window, in bytes. @default 33_554_432 */
  maxRequestBytes?: number | undefined;
  /** Answers under way in one frame; more are refused. @default 8 */
  maxStreamsPerFrame?: number | undefined;
  /** Hears of everything that a frame was refused because it is not trusted. @default nobody */
  onRefused?: ((refused: { readonly channel: string; readonly url: string | null }) => void) | undefined;
}

/** A backend that runs. The same can be done from the main process as from a window. */
export interface GeminiBackend {
  /** The gateway, with whichever key is in use; while there is none it answers `no_usable_key`. */
  readonly gateway: Gateway;
  /** Answers under way. */
  readonly openStreams: number;
  /** Resolves when the user's key has been looked for. Windows may ask before. */
  ready(): Promise<void>;
  keyState(): Promise<KeyState>;
  /** @throws SluiceError `invalid_request`, `storage_unavailable` */
  saveApiKey(key: string, passphrase?: string): Promise<KeyState>;
  /** @throws SluiceError `unauthorized`, `not_found` */
  unlockApiKey(passphrase: string): Promise<KeyState>;
  deleteApiKey(): Promise<KeyState>;
  /** Ends all answers and closes the channels. It is called when the app quits. */
  close(): Promise<void>;
}

/** What is used of Electron. */
export interface Host {
  readonly app: App;
  readonly ipcMain: IpcMain;
  readonly safeStorage: SafeStorage;
}

const maxUntakenBytes = 65_536;

/** @throws SluiceError `invalid_options` that lists every fault */
export function openBackend(options: GeminiOptions, { app, ipcMain, safeStorage }: Host): GeminiBackend {
  const { model = 'gemini-2.5-flash', gateway: gatewayOptions = {}, pool = {}, dataDir, onRefused } = options;
  const { maxRequestBytes = 33_554_432, maxStreamsPerFrame = 8 } = options;
  const isTrusted = trustRule(options, app.getAppPath());
  const given = options.given?.keys ? options.given : undefined;
  const sources = { gateway: gatewayOptions, pool, given };
  const atFirst: Standing =
    given === undefined
      ? { state: 'none', reason: 'nothing_saved', key: null }
      : { state: 'session', reason: 'given', key: null };
  const gateway = createGateway(optionsFor(atFirst, sources));
  const clock = gatewayOptions.clock ?? systemClock;
  const userKey = new UserKey(atFirst, {
    file: new KeyFile(join(dataDir ?? app.getPath('userData'), 'sluice')),
    os: new OsEncryption(safeStorage),
    wallNow: () => clock.wallNow(),
    async onChange(standing) {
      await gateway.reload(optionsFor(standing, sources));
      await settle(gateway, standing);
    },
  });
  const slowReaderMs = gatewayOptions.timeouts?.slowReaderMs || 60_000;
  const streams = new ChatStreams({ maxUntakenBytes, slowReaderMs, maxStreamsPerFrame }, clock);
  const ask = askThrough(gateway, model);
  const ready = settle(gateway, atFirst)
    .then(() => app.whenReady())
    .then(() => userKey.load());
  ready.catch(() => {}); // whoever awaits it is told

  const keyState = async (): Promise<KeyState> => ready.then(() => userKey.state());
  const saveApiKey = async (key: string, passphrase?: string): Promise<KeyState> => {
    const read = schemas.saveKeySchema.safeParse({ key, passphrase });
    if (!read.success) throw new SluiceError('invalid_request', read.error.issues[0]?.message ?? 'That is no key.');
    return ready.then(() => userKey.save(read.data.key, read.data.passphrase));
  };
  const unlockApiKey = async (passphrase: string): Promise<KeyState> => ready.then(() => userKey.unlock(passphrase));
  const deleteApiKey = async (): Promise<KeyState> => ready.then(() => userKey.forget());
  const answerTo = (request: ChatRequest, signal: AbortSignal): ReturnType<typeof ask> => {
    const { state } = userKey.standing;
    if (state === 'none') throw new SluiceError('no_usable_key', 'There is no API key yet. Save one first.');
    if (state === 'locked')
      throw new SluiceError('no_usable_key', 'The API key is locked. Give the passphrase that it was saved under.');
    return ask(request, signal);
  };

  const door = new Door({ ipcMain, isTrusted, maxRequestBytes, onRefused });
  door.answer(questions.saveKey, schemas.saveKeySchema, ({ key, passphrase }) => saveApiKey(key, passphrase));
  door.answer(questions.unlockKey, schemas.unlockKeySchema, ({ passphrase }) => unlockApiKey(passphrase));
  door.answer(questions.deleteKey, schemas.nothingSchema, deleteApiKey);
  door.answer(questions.keyState, schemas.nothingSchema, keyState);
  door.answer(questions.startChat, schemas.chatSchema, async (request, asker) => {
    await ready;
    return streams.start(asker, (signal) => answerTo(request, signal));
  });
  door.answer(questions.cancelChat, schemas.cancelSchema, ({ id }, { frame }) => streams.cancel(id, frame));
  door.hear(takenChannel, schemas.takenSchema, ({ id, seq }, { frame }) => streams.taken(id, seq, frame));

  const close = async (): Promise<void> => {
    app.off('will-quit', close);
    door.close();
    streams.close();
    await gateway.close();
  };
  // Not `before-quit`: a window with something unsaved may still say no. Those that close end their streams themselves.
  app.on('will-quit', close);

  return {
    gateway,
    get openStreams() {
      return streams.size;
    },
    ready: () => ready,
    ...{ keyState, saveApiKey, unlockApiKey, deleteApiKey, close },
  };
}
