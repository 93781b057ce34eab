/**
 * What a popular gateway in TypeScript made of the same faults: Portkey OSS 1.15.2 (May 2026), measured in November 2026
 * with Node 20 on the loopback interface. Facts, not opinions; each stands beside our own result of the same row.
 */

/** One fault of the comparison. */
export interface Measured {
  readonly fault: string;
  readonly measured: string;
  /** The row, and where it has several, the case. */
  readonly row: string;
  readonly case?: string;
  /** What the row does not look at. */
  readonly but?: string;
  /** Which of the two forms was measured. */
  readonly form: 'stream' | 'unary';
}

/** In the order in which they were measured. */
export const baseline: readonly Measured[] = [
  { fault: 'reset in mid-stream', measured: '200, clean end', row: 'F56', form: 'stream' },
  { fault: 'cut inside a chunk', measured: '200, clean end', row: 'F57', form: 'stream' },
  { fault: 'close-delimited, reset', measured: '200, clean end', row: 'F60', form: 'stream' },
  { fault: 'an empty stream', measured: '200, empty body', row: 'F65', form: 'stream' },
  { fault: '200 `text/html` to a stream call', measured: 'the HTML, as 200', row: 'F50', form: 'stream' },
  { fault: '302 to an internal address', measured: 'followed; internal body returned', row: 'F26', form: 'unary' },
  { fault: '307 to another host', measured: 'followed; the prompt sent again', row: 'F27', form: 'unary' },
  { fault: 'a stall in mid-stream', measured: 'no time-out', row: 'F63', form: 'stream' },
  {
    fault: 'the client leaves in mid-stream',
    measured: 'provider’s call not closed within 4 s',
    row: 'F90',
    case: 'in mid-stream',
    form: 'stream',
  },
  {
    fault: 'the client leaves before the head',
    measured: 'provider’s call not closed within 3 s',
    row: 'F90',
    case: 'before the head',
    form: 'unary',
  },
  { fault: '503 with invalid JSON', measured: '500, "Something went wrong"', row: 'F48', form: 'unary' },
  { fault: '503 all the time, 5 retries', measured: '6 calls in 31 s, no jitter', row: 'F44', form: 'unary' },
  { fault: 'connection reset', measured: '500, with the text of the cause', row: 'F09', form: 'unary' },
  {
    fault: 'one event of 20 MB',
    measured: 'another request waited 5.3 s',
    row: 'F73',
    but: 'how long others wait is not measured here',
    form: 'stream',
  },
];
