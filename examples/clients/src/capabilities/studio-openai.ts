/** Files and batches of the OpenAI endpoint, as much of them as its SDK asks for: by project, like everything at Google. */

import type { Answer, RecordedRequest, SimulatedProject } from '@sluice/simulator';

interface Item {
  readonly id: string;
  readonly project: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly content: Buffer;
}

/** Answers what is asked of those two collections, and null for everything else. */
export class OpenaiShelf {
  readonly #projects: readonly SimulatedProject[];
  readonly #items = new Map<string, Item>();
  #made = 0;

  constructor(projects: readonly SimulatedProject[]) {
    this.#projects = projects;
  }

  answer({ method, target, key, body }: RecordedRequest): Answer | null {
    const [path = ''] = decodeURIComponent(target).split('?');
    const [, collection, id, verb] =
      /\/openai\/(files|batches)(?:\/((?:files|batches)\/[^/]+))?(?:\/(\w+))?$/.exec(path) ?? [];
    if (collection === undefined) return null;
    const project = this.#projects.find(({ keys }) => key !== null && keys.includes(key))?.id;
    if (project === undefined) return json(400, { error: { code: 400, message: 'API key not valid.' } });
    const bytes = Buffer.from(body);
    if (id === undefined)
      return method === 'POST' ? this.#create(collection, project, bytes) : this.#list(collection, project);
    const item = this.#items.get(id);
    if (item?.project !== project) return notFound;
    if (method === 'DELETE') {
      this.#items.delete(id);
      return json(200, { id, object: 'file', deleted: true });
    }
    if (verb === 'content')
      return { status: 200, headers: [['content-type', 'application/jsonl'], date], chunks: [item.content] };
    if (verb === 'cancel') this.#items.set(id, { ...item, fields: { ...item.fields, status: 'cancelling' } });
    return json(200, this.#items.get(id)?.fields);
  }

  #create(collection: string, project: string, content: Buffer): Answer {
    this.#made += 1;
    const common = { id: `${collection}/openai-${this.#made}`, created_at: 1_795_000_000 + this.#made };
    if (collection === 'files') {
      // The boundary of a form is made up by the client, and so is its length.
      const text = /\r\n\r\n(\{.*?\})\r\n--/s.exec(content.toString())?.[1] ?? '';
      const file = {
        ...common,
        object: 'file',
        bytes: text.length,
        filename: 'requests.jsonl',
        purpose: 'batch',
        status: 'processed',
      };
      return this.#put({ id: common.id, project, fields: file, content: Buffer.from(text) });
    }
    const asked = JSON.parse(content.toString()) as { readonly input_file_id: string; readonly endpoint: string };
    if (this.#items.get(asked.input_file_id)?.project !== project) return notFound;
    const batch = { ...common, object: 'batch', ...asked, status: 'completed', output_file_id: asked.input_file_id };
    return this.#put({ id: common.id, project, fields: batch, content });
  }

  #put(item: Item): Answer {
    this.#items.set(item.id, item);
    return json(200, item.fields);
  }

  #list(collection: string, project: string): Answer {
    const own = [...this.#items.values()].filter((item) => item.project === project && item.id.startsWith(collection));
    const data = own.map(({ fields }) => fields).reverse();
    const ends = data.length === 0 ? {} : { first_id: data[0]?.id, last_id: data.at(-1)?.id };
    return json(200, { object: 'list', data, ...ends, has_more: false });
  }
}

const date = ['date', 'Sat, 21 Nov 2026 12:00:00 GMT'] as const;
const notFound = json(404, { error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' } });

/** JSON as Google sends it. */
export function json(status: number, answer: unknown): Answer {
  const headers = [['content-type', 'application/json; charset=UTF-8'], date] as const;
  return { status, headers, chunks: [Buffer.from(JSON.stringify(answer, null, 2))] };
}
