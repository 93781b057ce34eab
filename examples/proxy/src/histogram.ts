/** How values are spread, by one label, in Prometheus' text format. */

/** What a {@link Histogram} is called and how fine it is. */
export interface HistogramSettings {
  readonly name: string;
  readonly help: string;
  /** Its values are written as they are: words of a closed list. */
  readonly labelName: string;
  /** Upper bounds of its buckets, from the smallest on; one without a bound comes behind them. */
  readonly bounds: readonly number[];
}

interface Series {
  /** Per bucket, those of smaller ones left out. */
  readonly counts: number[];
  sum: number;
}

/**
 * Observes for next to nothing. prom-client's histogram makes a string of its labels and walks objects with each value, which
 * takes a µs, and there is no way to hand many values over to it at once.
 */
export class Histogram {
  readonly #settings: HistogramSettings;
  readonly #byLabel = new Map<string, Series>();

  constructor(settings: HistogramSettings) {
    this.#settings = settings;
  }

  observe(label: string, value: number): void {
    const { bounds } = this.#settings;
    let series = this.#byLabel.get(label);
    if (series === undefined) {
      series = { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
      this.#byLabel.set(label, series);
    }
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at++;
    series.counts[at] = (series.counts[at] as number) + 1;
    series.sum += value;
  }

  /** Its lines, each with a line end. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): string {
    const { name, help } = this.#settings;
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
    for (const [label, series] of this.#byLabel) lines.push(...this.#linesOf(label, series));
    return `${lines.join('\n')}\n`;
  }

  #linesOf(label: string, { counts, sum }: Series): string[] {
    const { name, labelName, bounds } = this.#settings;
    const labels = `${labelName}="${label}"`;
    let total = 0;
    const buckets = counts.map((count, at) => {
      total += count;
      return `${name}_bucket{le="${bounds[at] ?? '+Inf'}",${labels}} ${total}`;
    });
    return [...buckets, `${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${total}`];
  }
}
