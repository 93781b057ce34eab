/** An upstream that remembers what came through it: the provider's side of each call, as the gateway was given it. */

import type { Flow, HeaderBag, Sink, Upstream, UpstreamRequest } from '@sluice/core';

/** One call to the provider. */
export interface ObservedCall {
  /** 0 until an answer has begun. */
  readonly status: number;
  readonly headers: HeaderBag;
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  /** `aborted` by the gateway; the others by the provider or the network. */
  readonly end: 'running' | 'clean' | 'broken' | 'aborted';
}

/** An upstream and its calls. */
export interface ObservedUpstream extends Upstream {
  readonly calls: readonly ObservedCall[];
  /** Grows with everything that happens. */
  readonly ticks: number;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Watches an upstream. */
export function observed(upstream: Upstream): ObservedUpstream {
  const calls: Mutable<ObservedCall>[] = [];
  let ticks = 0;
  return {
    calls,
    get ticks() {
      return ticks;
    },
    send(request: UpstreamRequest, sink: Sink) {
      const pieces: Uint8Array[] = [];
      const call: Mutable<ObservedCall> = { status: 0, headers: {}, pieces, bytes: 0, end: 'running' };
      calls.push(call);
      const end = (how: ObservedCall['end']): void => {
        ticks++;
        if (call.end === 'running') call.end = how;
      };
      upstream.send(request, {
        open: (flow) => sink.open(abortable(flow, () => end('aborted'))),
        head(status, headers) {
          ticks++;
          call.status = status;
          call.headers = headers;
          sink.head(status, headers);
        },
        write(chunk) {
          ticks++;
          pieces.push(chunk);
          call.bytes += chunk.length;
          return sink.write(chunk);
        },
        end() {
          end('clean');
          sink.end();
        },
        fail(error) {
          end('broken');
          sink.fail(error);
        },
      });
    },
    close: () => upstream.close(),
  };
}

function abortable(flow: Flow, onAbort: () => void): Flow {
  return {
    pause: () => flow.pause(),
    resume: () => flow.resume(),
    abort(reason) {
      onAbort();
      flow.abort(reason);
    },
  };
}
