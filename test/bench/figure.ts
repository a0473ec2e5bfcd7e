/** One measured figure. `name` is stable, so that figures of several versions can be compared. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "s" | "ms" | "MB" | "KB" | "units" | "1/s" | "count";
}

export interface BenchContext {
  /** Smaller sizes and fewer repeats, for a look in about a minute. */
  readonly isQuick: boolean;
  /** An empty directory of this benchmark's own. */
  readonly directory: string;
  readonly say: (line: string) => void;
}

export interface Benchmark {
  readonly name: string;
  /** What is measured and how, for whoever reads the figures. */
  readonly about: string;
  readonly run: (context: BenchContext) => Promise<Figure[]>;
}
