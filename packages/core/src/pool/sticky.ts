/** Which project a caller's own things live in. In memory; the ledger of single resources is a matter of its own. */

/** Callers that are remembered; the one not seen for longest is forgotten. */
const mostCallers = 10_000;

/** Remembers one choice per caller. */
export class Sticky<Choice> {
  readonly #choices = new Map<string, Choice>();

  of(callerId: string): Choice | undefined {
    const choice = this.#choices.get(callerId);
    if (choice !== undefined) {
      this.#choices.delete(callerId);
      this.#choices.set(callerId, choice);
    }
    return choice;
  }

  keep(callerId: string, choice: Choice): void {
    if (this.#choices.size >= mostCallers) this.#choices.delete(this.#choices.keys().next().value as string);
    this.#choices.set(callerId, choice);
  }
}
