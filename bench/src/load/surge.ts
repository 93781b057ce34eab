/**
 * More requests than a gateway can answer, at a rate that does not care: in steps, one right after the other. Unlike the
 * open loop that measures delays it sends in batches and sleeps in between, for its core has others on it.
 */

import { callerKey, type Kind } from '../traffic.ts';
import { Connection } from './connection.ts';

/** One step. */
export interface SurgeStep {
  readonly perSecond: number;
  readonly ms: number;
}

/** What is asked for. */
export interface SurgeOrder {
  readonly port: number;
  readonly kind: Kind;
  readonly steps: readonly SurgeStep[];
  /** Opened before it begins. Requests that find all of them busy are not sent. */
  readonly connections: number;
}

/** How a request ended, as it stands in {@link SurgeResult.ends}. */
export const ends = { open: 0, right: 1, shed: 2, broken: 3, unsent: 4 } as const;

/** What came of it, request by request in the order in which they were due. */
export interface SurgeResult {
  /** When it was due, in ms since the beginning of the first step. */
  readonly dueMs: Float64Array;
  /** From then to its answer, in ms. */
  readonly tookMs: Float64Array;
  /** From then until it was sent, in ms: what the generator itself is late. */
  readonly lateMs: Float64Array;
  readonly ends: Uint8Array;
  /** The generator's own CPU time in each step, in µs. */
  readonly cpuUs: readonly number[];
  /** Answers that were neither right nor a proper refusal, and what broke connections. */
  readonly problems: readonly string[];
}

/** How long answers are waited for when everything has been sent. */
const lastAnswersMs = 10_000;
const mostProblems = 20;
/** More handshakes at once would overflow what a listening socket keeps, and be repeated after seconds. */
const mostHandshakes = 50;

interface Client {
  readonly connection: Connection;
  /** The request that it waits for; -1 for none. */
  request: number;
  isOpen: boolean;
}

/** When each request of the steps is due, in ms. */
export function duesOf(steps: readonly SurgeStep[]): Float64Array {
  const dues: number[] = [];
  let startMs = 0;
  for (const { perSecond, ms } of steps) {
    const requests = Math.floor((ms * perSecond) / 1e3);
    for (let index = 0; index < requests; index++) dues.push(startMs + (index * 1e3) / perSecond);
    startMs += ms;
  }
  return Float64Array.from(dues);
}

/** One generator's part of it. */
export class Surge {
  readonly #order: SurgeOrder;
  readonly #dueMs: Float64Array;
  readonly #tookMs: Float64Array;
  readonly #lateMs: Float64Array;
  readonly #ends: Uint8Array;
  readonly #cpuUs: number[] = [];
  readonly #problems: string[] = [];
  readonly #idle: Client[] = [];
  readonly #clients = new Set<Client>();
  #startAt = 0;
  #waiting = 0;
  #handshakes = 0;

  constructor(order: SurgeOrder) {
    this.#order = order;
    this.#dueMs = duesOf(order.steps);
    this.#tookMs = new Float64Array(this.#dueMs.length);
    this.#lateMs = new Float64Array(this.#dueMs.length);
    this.#ends = new Uint8Array(this.#dueMs.length);
  }

  /** Opens the connections, so that what follows measures requests and few handshakes. */
  async open(): Promise<void> {
    while (this.#clients.size < this.#order.connections || this.#handshakes > 0) {
      const client = this.#addClient();
      if (client === null) await new Promise((resolve) => setTimeout(resolve, 1));
      else this.#idle.push(client);
    }
  }

  /** Runs all steps, and ends with the last answer. */
  async run(): Promise<SurgeResult> {
    this.#startAt = performance.now();
    let before = process.cpuUsage();
    let stepEndMs = this.#order.steps[0]?.ms ?? 0;
    for (let next = 0; next < this.#dueMs.length; ) {
      const now = performance.now() - this.#startAt;
      if (now >= stepEndMs) {
        before = this.#countStep(before);
        stepEndMs += this.#order.steps[this.#cpuUs.length]?.ms ?? Number.POSITIVE_INFINITY;
      }
      for (; next < this.#dueMs.length && (this.#dueMs[next] as number) <= now; next++) this.#send(next);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const giveUpAt = performance.now() + lastAnswersMs;
    while (this.#waiting > 0 && performance.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.#cpuUs.length < this.#order.steps.length) this.#countStep(before);
    for (const { connection } of this.#clients) connection.close();
    return {
      dueMs: this.#dueMs,
      tookMs: this.#tookMs,
      lateMs: this.#lateMs,
      ends: this.#ends,
      cpuUs: this.#cpuUs,
      problems: this.#problems,
    };
  }

  #countStep(before: NodeJS.CpuUsage): NodeJS.CpuUsage {
    const { user, system } = process.cpuUsage(before);
    this.#cpuUs.push(user + system);
    return process.cpuUsage();
  }

  #send(request: number): void {
    this.#lateMs[request] = performance.now() - this.#startAt - (this.#dueMs[request] as number);
    const client = this.#idle.pop() ?? this.#addClient();
    if (client === null) {
      this.#ends[request] = ends.unsent;
      return;
    }
    client.request = request;
    this.#waiting++;
    client.connection.send();
  }

  #addClient(): Client | null {
    const { port, kind, connections } = this.#order;
    if (this.#clients.size >= connections || this.#handshakes >= mostHandshakes) return null;
    this.#handshakes++;
    const client: Client = {
      request: -1,
      isOpen: false,
      connection: new Connection(
        port,
        { kind, key: callerKey },
        {
          onOpen: () => {
            client.isOpen = true;
            this.#handshakes--;
          },
          onRight: (isReusable) => this.#finish(client, ends.right, isReusable),
          onShed: (isReusable) => this.#finish(client, ends.shed, isReusable),
          onWrong: (problem) => this.#lose(client, problem),
        },
      ),
    };
    this.#clients.add(client);
    return client;
  }

  #lose(client: Client, problem: string): void {
    if (!client.isOpen) this.#handshakes--;
    // A connection that nobody waits on may be closed by either side at any time.
    if (client.request < 0) {
      const at = this.#idle.indexOf(client);
      if (at >= 0) this.#idle.splice(at, 1);
      this.#clients.delete(client);
      return;
    }
    this.#finish(client, ends.broken, false);
    if (this.#problems.length < mostProblems) this.#problems.push(problem);
  }

  #finish(client: Client, end: number, isReusable: boolean): void {
    const { request } = client;
    client.request = -1;
    if (isReusable) this.#idle.push(client);
    else this.#clients.delete(client);
    this.#waiting--;
    this.#ends[request] = end;
    this.#tookMs[request] = performance.now() - this.#startAt - (this.#dueMs[request] as number);
  }
}
