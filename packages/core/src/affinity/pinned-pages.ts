/**
 * Lists that one project answers: models, which are the same in every one, and what lies inside of a thing. They pass as
 * they come but for their page tokens, which are the project's own: in their place stand tokens of ours.
 */

import { paramsOf, pathOf, withParams } from '../path-and-query.ts';
import { type ListedCall, tokenNames } from './list-call.ts';
import { notOfThisList, type PageTokens, type TokenOf } from './page-tokens.ts';
import { withToken } from './pages.ts';
import type { Pin } from './place.ts';
import { segmentsOf } from './resource-name.ts';

/** Where a request has to go, and by what target where that is another than it came with. */
export type Place = Pin & { readonly target?: string };

const version = /^\/v[0-9][a-z0-9]*\/(?!openai\/)/;

/** Such pages of one pool. */
export class PinnedPages {
  readonly #tokens: PageTokens;
  readonly #projects: () => readonly string[];

  constructor(tokens: PageTokens, projects: () => readonly string[]) {
    this.#tokens = tokens;
    this.#projects = projects;
  }

  /** Whether an answer to the call may have a token in it. */
  mayHave({ method, target }: ListedCall): boolean {
    return method === 'GET' && version.test(target);
  }

  /** Whether the call comes with one. */
  goesOn(call: ListedCall): boolean {
    return this.mayHave(call) && paramsIn(call.target).some(({ isToken }) => isToken);
  }

  /**
   * Where a page that goes on has to be asked for, and by what target.
   *
   * @param pin - where the things are that the call names
   * @throws SluiceError `invalid_request` for a token of another caller, another list, or nobody's making
   */
  async place(target: string, callerId: string, pin: Pin | null): Promise<Place> {
    const params = paramsIn(target);
    const sealed = params.find(({ isToken }) => isToken)?.value ?? '';
    const { project, token, first } = await this.#tokens.open(sealed, listOf(target, callerId));
    const isElsewhere = pin !== null && pin.project !== project;
    const isOdd = token === null && first === undefined;
    if (isOdd || isElsewhere || !this.#projects().includes(project)) throw notOfThisList();
    const query = params.flatMap(({ raw, name, isToken }) => {
      if (!isToken) return raw;
      return token === null ? [] : `${name}=${encodeURIComponent(token)}`;
    });
    return { is: 'pinned', project, isOwn: pin?.isOwn ?? true, target: withParams(pathOf(target), query) };
  }

  /** @returns the page with a token of ours in the place of the provider's; null where there is none */
  show(target: string, body: Uint8Array, project: string, callerId: string): Promise<Uint8Array | null> {
    return withToken(body, (token) => this.#tokens.seal({ project, token }, listOf(target, callerId)));
  }
}

function listOf(target: string, callerId: string): TokenOf {
  const [, ...named] = segmentsOf(pathOf(target));
  return { callerId, list: named.join('/') };
}

function paramsIn(target: string): { raw: string; name: string; value: string; isToken: boolean }[] {
  return paramsOf(target).map((raw) => {
    const [[name, value] = ['', '']] = [...new URLSearchParams(raw)];
    return { raw, name, value, isToken: tokenNames.has(name) && value !== '' };
  });
}
