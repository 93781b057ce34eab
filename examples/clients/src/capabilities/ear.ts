/** Somebody who listens to a conversation, and waits for what has to be said. */

/** Keeps what is heard until it is asked for. */
export class Ear<Message> {
  #heard: Message[] = [];
  #failure: Error | null = null;
  #changed: () => void = () => {};

  hear(message: Message): void {
    this.#heard.push(message);
    this.#changed();
  }

  /** Nothing more will be heard. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#changed();
  }

  /** What was heard since it was last asked, up to the first message that is wanted. */
  async until(isWanted: (message: Message) => boolean): Promise<readonly Message[]> {
    for (;;) {
      const at = this.#heard.findIndex(isWanted);
      if (at >= 0) return this.#heard.splice(0, at + 1);
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}
