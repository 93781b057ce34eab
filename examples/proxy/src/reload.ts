/** Takes over a changed configuration while requests run, or refuses it whole and says why. */

import { isSluiceError, type ResolvedConfiguration } from '@sluice/core';
import type { Logger } from 'pino';
import { changesBetween, waitingForRestart } from './changes.ts';
import type { Draft } from './configuration.ts';
import type { House, HouseSettings } from './house.ts';

/** What made somebody look. */
export type Trigger = 'SIGHUP' | 'file';

/** What is read again, and by whom. */
export interface ReloadOptions {
  readonly house: House;
  readonly log: Logger;
  /** What the process goes by now. */
  readonly started: HouseSettings;
  /** @throws SluiceError `invalid_options` */
  readonly read: () => { readonly draft: Draft; readonly configuration: ResolvedConfiguration };
}

/** Reads again when asked to; one after the other, and only once more for whoever asks meanwhile. */
export class Reloader {
  readonly #options: ReloadOptions;
  #current: ResolvedConfiguration;
  #isBusy = false;
  #next: Trigger | null = null;
  #isClosed = false;
  /** What was last found wrong: the file and a signal about it are told of once. */
  #faults = '';

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#current = options.started.configuration;
  }

  ask(trigger: Trigger): void {
    if (this.#isClosed) return;
    // A signal is answered by a line in any case; a file that somebody touched is not.
    this.#next = this.#next === 'SIGHUP' ? this.#next : trigger;
    if (!this.#isBusy) void this.#run();
  }

  /** Whoever goes down has no use for other settings. */
  close(): void {
    this.#isClosed = true;
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#next !== null) {
      const trigger = this.#next;
      this.#next = null;
      await this.#reload(trigger);
    }
    this.#isBusy = false;
  }

  async #reload(trigger: Trigger): Promise<void> {
    const { house, log, read, started } = this.#options;
    try {
      const { draft, configuration } = read();
      this.#faults = '';
      const changes = changesBetween(this.#current, configuration);
      if (changes.length === 0) {
        log[trigger === 'SIGHUP' ? 'info' : 'debug']({ trigger }, 'configuration unchanged');
        return;
      }
      const { isDemo, callersFrom, warnings } = draft;
      await house.apply({ configuration, isDemo, callersFrom });
      this.#current = configuration;
      for (const warning of warnings) log.warn({ warning }, 'options');
      log.level = configuration.log.level;
      const needsRestart = waitingForRestart(started.configuration, configuration);
      log.info({ trigger, changes, ...(needsRestart.length === 0 ? {} : { needsRestart }) }, 'configuration reloaded');
    } catch (error) {
      if (isSluiceError(error, 'invalid_options')) this.#refuse(trigger, faultsOf(error));
      else log.error({ trigger, err: error }, 'configuration not reloaded');
    }
  }

  #refuse(trigger: Trigger, faults: readonly string[]): void {
    const isKnown = trigger === 'file' && this.#faults === faults.join('\n');
    this.#faults = faults.join('\n');
    this.#options.log[isKnown ? 'debug' : 'error']({ trigger, faults }, 'configuration refused, the old one stays');
  }
}

function faultsOf({ faults, message }: { faults: readonly string[]; message: string }): readonly string[] {
  return faults.length > 0 ? faults : message.split('\n');
}
