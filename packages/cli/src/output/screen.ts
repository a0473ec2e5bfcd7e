import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Where a command writes. Nothing else of a stream is used. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Of the terminal; undefined in pipes and files, where nothing is shortened. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  /** Colours a text that has been neutralised, where colours are wanted. */
  style(style: Style, text: string): string;
  /** From now on nothing is held back for a pager: for what is shown as it happens, and for secrets. */
  direct(): void;
  /** Resolves when the stream has taken it, so that a slow reader is waited for. */
  write(text: string): Promise<void>;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string, done: (error?: Error | null) => void): boolean;
}

/** A screen over a process's stream. Colours only on terminals, and not with `NO_COLOR` or a dumb terminal. */
export function createScreen(stream: Stream, env: Readonly<Record<string, string | undefined>>): Screen {
  const isTerminal = stream.isTTY === true;
  const colours = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
  return {
    isTerminal,
    get columns() {
      return isTerminal ? stream.columns || 80 : undefined;
    },
    get rows() {
      return isTerminal ? stream.rows || 24 : undefined;
    },
    style: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
    direct: () => undefined,
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()));
      }),
  };
}
