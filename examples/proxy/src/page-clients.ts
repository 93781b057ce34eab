/** How the known clients are pointed at an origin: what the page shows, one entry per client. */

/** One client and the lines that point it here. */
export interface ClientLines {
  readonly name: string;
  readonly note: string;
  readonly lines: string;
}

/** What stands in the lines for a key until somebody fills it in. */
const keyPlaceholder = 'YOUR_CALLER_KEY';
const model = 'gemini-2.5-flash';

/** @param origin - `https://host[:port]`, without a slash at the end */
export function clientLines(origin: string): ClientLines[] {
  return [
    {
      name: 'curl',
      note: 'A streamed answer, as it comes.',
      lines: `curl -N "${origin}/v1beta/models/${model}:streamGenerateContent?alt=sse" \\
  -H "x-goog-api-key: ${keyPlaceholder}" \\
  -H "content-type: application/json" \\
  -d '{"contents":[{"parts":[{"text":"Why is the sky blue?"}]}]}'`,
    },
    {
      name: 'Google’s SDKs and gemini-cli',
      note: 'For the JavaScript, Python and Go SDKs and gemini-cli two variables are enough.',
      lines: `export GOOGLE_GEMINI_BASE_URL=${origin}
export GEMINI_API_KEY=${keyPlaceholder}`,
    },
    {
      name: '@google/genai',
      note: 'The same in JavaScript.',
      lines: `import { GoogleGenAI } from '@google/genai';

const ai = new GoogleGenAI({
  apiKey: '${keyPlaceholder}',
  httpOptions: { baseUrl: '${origin}' },
});`,
    },
    {
      name: 'The Live API',
      note: 'A session over WebSocket, with the same ai.',
      lines: `const session = await ai.live.connect({
  model: 'gemini-3.8-live',
  callbacks: {
    onmessage({ text, serverContent }) {
      if (text) console.log(text);
      if (serverContent?.turnComplete) session.close();
    },
    onerror: ({ message }) => console.error(message), // a wrong key: "Unexpected server response: 401"
    onclose: ({ code, reason }) => console.log('closed', code, reason),
  },
});
session.sendClientContent({ turns: 'Why is the sky blue?', turnComplete: true });`,
    },
    {
      name: 'google-genai',
      note: 'The same in Python.',
      lines: `from google import genai

client = genai.Client(
    api_key="${keyPlaceholder}",
    http_options={"base_url": "${origin}"},
)`,
    },
    {
      name: 'openai',
      note: 'By Gemini’s own OpenAI dialect, in JavaScript; Python takes base_url and api_key.',
      lines: `import OpenAI from 'openai';

const openai = new OpenAI({
  apiKey: '${keyPlaceholder}',
  baseURL: '${origin}/v1beta/openai/',
});`,
    },
    {
      name: '@ai-sdk/google',
      note: 'The base URL includes the version.',
      lines: `import { createGoogleGenerativeAI } from '@ai-sdk/google';

const google = createGoogleGenerativeAI({
  apiKey: '${keyPlaceholder}',
  baseURL: '${origin}/v1beta',
});`,
    },
    {
      name: '@langchain/google-genai',
      note: 'No slash at the end.',
      lines: `import { ChatGoogleGenerativeAI } from '@langchain/google-genai';

const chat = new ChatGoogleGenerativeAI({
  apiKey: '${keyPlaceholder}',
  baseUrl: '${origin}',
  model: '${model}',
});`,
    },
  ];
}
