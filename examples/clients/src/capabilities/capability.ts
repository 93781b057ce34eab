/** What the API can do beside answering one prompt: the rows of the second table. */

/** One row of the page. */
export interface Capability {
  /** The head of its row. */
  readonly title: string;
  /** What exactly is done, for the list above the table. */
  readonly what: string;
}

/** The name of a capability. */
export type CapabilityName = keyof typeof capabilities;

/** Everything that is tried, in the order of the rows. */
export const capabilities = {
  text: { title: 'text', what: 'an answer in one piece, and one that is streamed' },
  tools: {
    title: 'tools',
    what: 'the model calls a function, gets its result and answers; then a call out of a stream',
  },
  embeddings: { title: 'embeddings', what: 'vectors for one text, and for several at once' },
  tokens: { title: 'count tokens', what: 'how long a prompt is' },
  models: { title: 'models', what: 'the list, page by page, and one of them' },
  chat: { title: 'chat', what: 'two turns on top of a history, the second one streamed' },
  json: { title: 'JSON', what: 'an answer that fits a schema' },
  several: { title: 'several prompts', what: 'a method of the client that takes several prompts at once' },
  longDecode: {
    title: 'long decode',
    what: 'an answer in hops (`CONTINUATION`), which the client puts together; each hop is good in one project alone',
  },
  images: {
    title: 'images',
    what: 'a picture, in the way that the client has: `predict`, `generateContent`, OpenAI’s `images/generations`',
  },
  videos: { title: 'videos', what: '`predictLongRunning`, its operation asked for, the video downloaded' },
  speech: { title: 'speech', what: 'a text is spoken' },
  transcription: { title: 'transcription', what: 'a speech is written down' },
  decisions: { title: 'decisions', what: '`decisions`' },
  tuning: { title: 'tuning', what: 'a tuned model is made' },
  tunedModels: { title: 'tuned models', what: 'one that is there is read, listed, renamed, asked and deleted' },
  upload: { title: 'upload', what: 'one small file' },
  largeUpload: { title: 'upload, 17 MiB', what: 'a resumable upload in chunks of 8 MiB, each byte counted and hashed' },
  files: { title: 'files', what: 'one is read, three are listed in pages, one is deleted' },
  fileInPrompt: {
    title: 'file in a prompt',
    what: 'an answer, a stream and (where there is one) a count about two files',
  },
  register: { title: 'register files', what: 'files of a bucket, with an OAuth token of the client beside the key' },
  caches: { title: 'caches', what: 'made, read, listed in pages, prolonged and deleted' },
  cacheInPrompt: { title: 'cache in a prompt', what: 'an answer and a stream on top of a cached content' },
  batches: { title: 'batches', what: 'made, pending, listed, done, its answers read, deleted' },
  batchCancelled: { title: 'batch cancelled', what: 'one that runs is cancelled' },
  batchOfFile: { title: 'batch of a file', what: 'requests are uploaded, and a file of answers is downloaded' },
  batchOfEmbeddings: { title: 'batch of embeddings', what: 'vectors for several texts, when there is time' },
  stores: { title: 'file search stores', what: 'made, read, listed in pages and deleted' },
  storeImport: { title: 'store, import', what: 'an uploaded file goes into a store; its operation is asked for' },
  storeUpload: { title: 'store, upload', what: 'a file is uploaded into a store; documents are listed, read, deleted' },
  storeInPrompt: { title: 'store in a prompt', what: 'an answer out of a store (`fileSearch`)' },
  interactions: { title: 'interactions', what: 'made, read and deleted' },
  interactionStreamed: { title: 'interaction, streamed', what: 'event by event, and told once more from the middle' },
  interactionContinued: { title: 'interaction, continued', what: 'a second one goes on from the first' },
  interactionInBackground: {
    title: 'interaction in the background',
    what: 'asked for until it is done; another cancelled',
  },
  agents: { title: 'agents', what: 'an agent is made, read, listed, asked and deleted' },
  environments: { title: 'environments', what: 'a file is uploaded into one, listed and downloaded' },
  webhooks: {
    title: 'webhooks, triggers, …',
    what: 'webhooks, triggers, voices and credentials are made, read, listed',
  },
  gone: { title: 'what is gone', what: 'what was deleted is asked for once more, kind by kind' },
  live: { title: 'Live', what: 'a session with two turns, of text and of sound' },
  liveTools: { title: 'Live, tools', what: 'the model calls a function and gets its result' },
  liveResumed: { title: 'Live, resumed', what: 'a second connection goes on by the handle of the first' },
  liveToken: { title: 'Live, token', what: 'a token is made, and opens a session' },
  music: { title: 'Live, music', what: 'a session that plays' },
} as const satisfies Record<string, Capability>;
