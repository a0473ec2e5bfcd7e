import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Screen } from "./screen.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What `less` is told unless LESS says otherwise: leave when it fits, show colours, leave the text on the screen. */
const LESS = "FRX";
/** A shell's exit codes for what cannot be run, and what is not there. */
const NOT_RUN = [126, 127];

/** The user's pager; undefined where none is wanted. A command for a shell, as every program takes it. */
function pagerOf({ PAGER, TERM }: Env): string | undefined {
  if (TERM === "dumb" || PAGER === "" || PAGER === "cat") return undefined;
  return PAGER ?? "less";
}

/** How many lines of a terminal a text takes. */
function linesOf(text: string, columns: number): number {
  return text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), -1);
}

interface Pager {
  write(text: string): Promise<void>;
  /** Resolves when it has ended and everything was shown. */
  end(): Promise<void>;
}

/** A pager that cannot be run loses nothing: what it was given is shown without it. */
function openPager(command: string, env: Env, stdout: Screen): Pager {
  const child = spawn(command, {
    shell: true,
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...env, LESS: env.LESS ?? LESS },
  });
  const input = child.stdin;
  // Whoever has seen enough leaves; what is still to come is not wanted.
  input.on("error", () => undefined);
  const ended = new Promise<number>((resolve) => {
    child.on("error", () => resolve(127));
    child.on("exit", (code) => resolve(code ?? 0));
  });
  let given = "";
  return {
    async write(text) {
      given += text;
      if (!input.destroyed && !input.write(text))
        await Promise.race([once(input, "drain").catch(() => undefined), ended]);
    },
    async end() {
      input.end();
      if (NOT_RUN.includes(await ended)) await stdout.write(given);
    },
  };
}

export interface PagedScreens {
  readonly stdout: Screen;
  /** What is said while a pager has the terminal is shown when it has ended. */
  readonly stderr: Screen;
  /** Shows what is held back, and resolves when the pager, if there is one, has ended. */
  end(this: void): Promise<void>;
}

export interface PagingOptions {
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly env: Env;
  /** Told when the terminal is the pager's: Ctrl-C is then meant for it. */
  readonly onOpen: () => void;
}

/**
 * Screens that show what is longer than the terminal through a pager. What fits is shown as it is, and so is everything where
 * stdout is no terminal.
 */
export function createPagedScreens({ stdout, stderr, env, onOpen }: PagingOptions): PagedScreens {
  const command = stdout.isTerminal ? pagerOf(env) : undefined;
  let isDirect = command === undefined;
  let pager: Pager | undefined;
  let held = "";
  const later: string[] = [];

  async function show(): Promise<void> {
    const text = held;
    held = "";
    if (text !== "") await stdout.write(text);
  }

  const paged: Screen = {
    isTerminal: stdout.isTerminal,
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    style: (style, text) => stdout.style(style, text),
    direct() {
      isDirect = true;
    },
    async write(text) {
      if (pager) return pager.write(text);
      if (isDirect || command === undefined) {
        await show();
        return stdout.write(text);
      }
      held += text;
      // The last line is for the prompt of the shell.
      if (linesOf(held, stdout.columns ?? 80) < (stdout.rows ?? 24)) return;
      onOpen();
      pager = openPager(command, env, stdout);
      const first = held;
      held = "";
      return pager.write(first);
    },
  };
  return {
    stdout: paged,
    stderr: {
      ...stderr,
      async write(text) {
        if (pager) {
          later.push(text);
          return;
        }
        // In the order in which it was written.
        if (held !== "") isDirect = true;
        await show();
        await stderr.write(text);
      },
      get columns() {
        return stderr.columns;
      },
      get rows() {
        return stderr.rows;
      },
    },
    async end() {
      await show();
      await pager?.end();
      for (const text of later) await stderr.write(text);
    },
  };
}
