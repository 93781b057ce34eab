/** `@google/genai`: interactions, and what stands around them. */

import type { GenaiUses } from './genai.ts';

const model = 'gemini-2.5-flash';
const asked = { model, input: 'Why is the sky blue?' } as const;
const minute = 60_000;

interface Told {
  readonly event_id?: string;
  readonly interaction?: { readonly id?: string };
}

/** The rows about interactions. */
export const interactionUses: GenaiUses<
  | 'interactions'
  | 'interactionStreamed'
  | 'interactionContinued'
  | 'interactionInBackground'
  | 'agents'
  | 'environments'
  | 'webhooks'
> = {
  async *interactions({ interactions }) {
    const first = await interactions.create(asked);
    yield first;
    const id = first.id ?? '';
    yield await interactions.get(id);
    yield await interactions.delete(id);
  },
  async *interactionStreamed({ interactions }) {
    const told: Told[] = [];
    for await (const event of await interactions.create({ ...asked, stream: true })) {
      told.push(event as Told);
      yield event;
    }
    const id = told.find(({ interaction }) => interaction?.id !== undefined)?.interaction?.id ?? '';
    const last_event_id = told[4]?.event_id ?? '';
    for await (const event of await interactions.get(id, { stream: true, last_event_id })) yield event;
  },
  async *interactionContinued({ interactions }) {
    const { id } = await interactions.create(asked);
    const more = { ...asked, input: 'And the sea?', ...(id === undefined ? {} : { previous_interaction_id: id }) };
    yield await interactions.create(more);
    for await (const event of await interactions.create({ ...more, stream: true })) yield event;
  },
  async *interactionInBackground({ interactions }, { pass }) {
    const first = await interactions.create({ ...asked, background: true });
    yield first;
    yield await interactions.get(first.id ?? '');
    const second = await interactions.create({ ...asked, background: true });
    yield await interactions.cancel(second.id ?? '');
    pass(minute);
    yield await interactions.get(first.id ?? '');
    yield await interactions.get(second.id ?? '');
  },
  async *agents({ agents, interactions }) {
    yield await agents.create({ id: 'butler', base_agent: 'antigravity' });
    yield await agents.get('butler');
    yield await agents.list();
    yield await interactions.create({ agent: 'butler', input: asked.input });
    yield await agents.delete('butler');
  },
  async *environments({ environments }) {
    const { id: environment = '' } = await environments.create({});
    const file = new Blob(['Once upon a time'], { type: 'text/plain' });
    yield await environments.files.upload({ environment, path: 'tales/one.txt', file });
    yield await environments.files.list({ environment, path: 'tales' });
    const bytes = await environments.files.download({ environment, path: 'tales/one.txt' });
    yield Buffer.from(bytes).toString();
    yield await environments.list();
    yield await environments.delete(environment);
  },
  async *webhooks({ webhooks, triggers, voices, credentials }) {
    const hook = await webhooks.create({ uri: 'https://example.com', subscribed_events: [] });
    yield hook;
    yield await webhooks.ping(hook.id ?? '');
    yield await webhooks.rotateSigningSecret(hook.id ?? '', {});
    yield await webhooks.list();
    for (const kind of [triggers, voices, credentials] as unknown as readonly Collection[]) {
      const { id } = await kind.create({ display_name: 'Mine' });
      yield await kind.get(id);
      yield await kind.list();
      await kind.delete(id);
    }
  },
};

/** What all of them have; what they are made of is of no interest here. */
interface Collection {
  create(params: { readonly display_name: string }): Promise<{ readonly id: string }>;
  get(id: string): Promise<unknown>;
  list(): Promise<unknown>;
  delete(id: string): Promise<unknown>;
}
