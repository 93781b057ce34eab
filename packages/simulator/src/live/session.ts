/** One Live session: a setup first, then turns, each answered before the next is heard. */

import { type Fields, field, isFields, list, readBody, text } from '../gemini/body.ts';
import { requireFiles } from '../gemini/file-references.ts';
import { Refused } from '../gemini/refused.ts';
import { requireStores } from '../gemini/store-references.ts';
import type { World } from '../gemini/world.ts';
import { closing, closingFor } from './closing.ts';
import type { Conversation } from './conversation.ts';
import type { Guest } from './guest.ts';
import type { LiveCall } from './live-path.ts';
import type { LivePlay } from './live-plays.ts';
import { musicFor } from './music.ts';
import { type Setup, setupOf } from './setup.ts';
import { audioEcho, resultsTurn, type Turn, turnEnd, turnOf } from './turns.ts';

/** Why the first message is refused when it is no setup. */
const setupFirst = closing(1007, 'setup must be the first message and only the first');

export class Session {
  readonly conversation: Conversation;
  readonly #guest: Guest;
  readonly #call: LiveCall;
  readonly #play: LivePlay;
  readonly #world: World;
  /** Parts of a turn whose end has not come. */
  #contents: unknown[] = [];
  #tokens = 0;
  #turns = 0;
  /** Counts what the client has said, for sessions that are resumed without a gap. */
  #consumed = -1;
  #setup: Setup | null = null;

  constructor(conversation: Conversation, guest: Guest, call: LiveCall, play: LivePlay, world: World) {
    this.conversation = conversation;
    this.#guest = guest;
    this.#call = call;
    this.#play = play;
    this.#world = world;
  }

  /** Hears one message; whatever is wrong with it ends the session. */
  async hear(data: Buffer): Promise<void> {
    try {
      await this.#understand(data);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.conversation.close(closingFor(error));
    }
  }

  /** Says that the time is nearly over, and closes when it is. */
  async goAway(timeLeftMs: number): Promise<void> {
    await this.conversation.say({ goAway: { timeLeft: `${timeLeftMs / 1000}s` } });
    await this.conversation.silence(timeLeftMs);
    this.conversation.close(closing(1001, ''));
  }

  async #understand(data: Buffer): Promise<void> {
    const { token } = this.#guest;
    if (token !== null && this.#world.now() >= token.expiresMs) {
      this.conversation.close(closing(1008, 'The auth token of this session has expired.'));
      return;
    }
    const read = readBody(data);
    if ('why' in read) throw new Refused('bad-json', { why: read.why });
    const { fields } = read;
    const setup = field(fields, 'setup');
    if ((this.#setup === null) !== isFields(setup)) this.conversation.close(setupFirst);
    else if (isFields(setup)) await this.#begin(setup);
    else if (this.#setup !== null) await this.#follow(fields, this.#setup);
  }

  async #begin(fields: Fields): Promise<void> {
    const isMusic = this.#call.method === 'BidiGenerateMusic';
    const method = isMusic ? 'bidiGenerateMusic' : 'bidiGenerateContent';
    const setup = setupOf(fields, this.#guest, method, this.#world);
    this.#setup = setup;
    this.#tokens = setup.progress.tokens;
    this.#turns = setup.progress.turns;
    this.conversation.talk.model = setup.model;
    await this.conversation.say({ setupComplete: {} });
    await this.#handOut(setup);
  }

  async #follow(fields: Fields, setup: Setup): Promise<void> {
    this.#consumed += 1;
    requireFiles(fields, setup.project, this.#world);
    requireStores(fields, setup.project, this.#world);
    if (this.#call.method === 'BidiGenerateMusic') return this.#sing(fields);
    const said = field(fields, 'clientContent');
    const heard = field(fields, 'realtimeInput');
    const results = field(fields, 'toolResponse');
    if (isFields(said)) {
      this.#contents.push(...list(said, 'turns'));
      if (field(said, 'turnComplete') === true) await this.#answer(setup, this.#takeContents());
    } else if (isFields(heard)) await this.#listen(heard, setup);
    else if (isFields(results)) {
      await this.#tell(resultsTurn(list(results, 'functionResponses'), this.#tokens), setup);
    } else {
      const [name = ''] = Object.keys(fields);
      throw new Refused('bad-json', { why: `Unknown name "${name}": Cannot find field.` });
    }
  }

  /** Audio is echoed as it comes; its end is the end of a turn. */
  async #listen(input: Fields, setup: Setup): Promise<void> {
    const media = [...list(input, 'mediaChunks'), field(input, 'audio')].filter(isFields);
    for (const one of media) {
      if (/^audio\//.test(text(one, 'mimeType') ?? '')) await this.conversation.say(audioEcho(one));
    }
    const words = text(input, 'text');
    if (words !== undefined) await this.#answer(setup, [{ role: 'user', parts: [{ text: words }] }]);
    const isOver = field(input, 'audioStreamEnd') === true || field(input, 'activityEnd') !== undefined;
    if (isOver) await this.#tell({ messages: turnEnd(this.#tokens, 0), tokens: 0, isComplete: true }, setup);
  }

  #takeContents(): unknown[] {
    const contents = this.#contents;
    this.#contents = [];
    return contents;
  }

  #answer(setup: Setup, contents: readonly unknown[]): Promise<void> {
    return this.#tell(turnOf(contents, setup, this.#tokens), setup);
  }

  async #tell(turn: Turn, setup: Setup): Promise<void> {
    this.#tokens += turn.tokens;
    this.#turns += turn.isComplete ? 1 : 0;
    await this.#play.turn(this, turn.messages, this.#turns - setup.progress.turns);
    if (turn.isComplete) await this.#handOut(setup);
  }

  async #sing(fields: Fields): Promise<void> {
    for (const message of musicFor(fields)) await this.conversation.say(message);
  }

  /** A handle for what the session has come to, when the setup asked for such. */
  async #handOut({ project, resumption }: Setup): Promise<void> {
    if (resumption === null) return;
    const { handles } = this.#world.belongings(project);
    const newHandle = handles.give({ tokens: this.#tokens, turns: this.#turns }, this.#world.now());
    const consumed = resumption.isTransparent ? { lastConsumedClientMessageIndex: String(this.#consumed) } : {};
    await this.conversation.say({ sessionResumptionUpdate: { newHandle, resumable: true, ...consumed } });
  }
}
