import type { Flow, HeaderBag, Sink } from '../src/wire.ts';

/** Writes down what it is told, a line each. */
export interface RecordingSink extends Sink {
  readonly told: string[];
  readonly body: Buffer;
  headers: HeaderBag;
  status: number;
  flow: Flow | null;
  hasRoom: boolean;
}

export function recordingSink(): RecordingSink {
  const chunks: Uint8Array[] = [];
  return {
    told: [],
    headers: {},
    status: 0,
    flow: null,
    hasRoom: true,
    get body() {
      return Buffer.concat(chunks);
    },
    open(flow) {
      this.flow = flow;
      this.told.push('open');
    },
    head(status, headers) {
      this.status = status;
      this.headers = headers;
      this.told.push(`head ${status}`);
    },
    write(chunk) {
      chunks.push(chunk);
      this.told.push(Buffer.from(chunk).toString());
      return this.hasRoom;
    },
    end() {
      this.told.push('end');
    },
    fail(error, lastWords) {
      this.told.push(`fail ${error.message}${lastWords === undefined ? '' : `: ${Buffer.from(lastWords)}`}`);
    },
  };
}
