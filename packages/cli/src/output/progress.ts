import type { ProgressEvent } from "@cadastre/collectors/session/progress";
import type { LogLine } from "@cadastre/contract/log";
import { type ScopeKey, type ScopeStatus, scopeName } from "@cadastre/contract/scope";
import type { Screen } from "./screen.ts";
import { STATUS_STYLES } from "./status.ts";
import { neutralise, shorten, toCount } from "./text.ts";

const REDRAW_MILLISECONDS = 100;
/** Rows of the terminal that stay with what was there before. */
const KEPT_ROWS = 4;

export interface Progress {
  readonly onProgress: (event: ProgressEvent) => void;
  readonly log: (line: LogLine) => void;
  /** A line that stays. */
  say(text: string): void;
  /** Takes the display away; lines stay. */
  end(): void;
}

export interface ProgressOptions {
  /** For stderr. */
  readonly screen: Screen;
  readonly now: () => Date;
  /** Also shows what is of use only when something is looked into. */
  readonly verbose: boolean;
}

const plural = (count: number, noun: string) => `${toCount(count)} ${noun}${count === 1 ? "" : "s"}`;

function renderLog({ level, message, ...fields }: LogLine, screen: Screen): string {
  const said = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const label = level === "error" || level === "warn" ? screen.style("yellow", `${level}:`) : `${level}:`;
  return `${label} ${neutralise(message)}${said.length > 0 ? ` (${neutralise(said.join(", "))})` : ""}`;
}

/** What is under way, for a display that is drawn again and again. */
function createView(now: () => Date) {
  const startedAt = now().getTime();
  const active = new Map<string, number>();
  const finished = new Map<ScopeStatus, number>();
  let resources = 0;
  let delivery: string | undefined;

  function apply(event: ProgressEvent): void {
    if (event.type === "run-started") delivery = undefined;
    else if (event.type === "scope-started") active.set(scopeName(event.scope), 0);
    else if (event.type === "scope-progress") active.set(scopeName(event.scope), event.resources);
    else if (event.type === "scope-finished") {
      active.delete(scopeName(event.scope));
      finished.set(event.status, (finished.get(event.status) ?? 0) + 1);
      resources += event.resources;
    } else if (event.type === "run-spooled") delivery = "delivering";
    else if (event.type === "uploading") {
      delivery = `delivering: ${toCount(event.uploaded)} of ${plural(event.shards, "shard")}`;
    }
  }

  function lines(columns: number, rows: number): string[] {
    const seconds = Math.round((now().getTime() - startedAt) / 1000);
    const done = [...finished].map(([status, count]) => `${toCount(count)} ${status}`).join(", ");
    const under = [...active.values()].reduce((sum, count) => sum + count, 0);
    const head = [
      plural(active.size, "scope"),
      "under way",
      done === "" ? "" : `· ${done}`,
      `· ${plural(resources + under, "resource")} · ${seconds} s`,
    ];
    const most = Math.max(1, rows - KEPT_ROWS);
    const shown = [...active].slice(0, most).map(([name, count]) => `  ${name}  ${toCount(count)}`);
    const all = delivery === undefined ? [head.filter((part) => part !== "").join(" "), ...shown] : [delivery];
    return all.map((line) => shorten(neutralise(line), columns - 1));
  }

  return { apply, lines };
}

const finishedLine = (screen: Screen, scope: ScopeKey, status: ScopeStatus, resources: number) =>
  `${screen.style(STATUS_STYLES[status], status.padEnd(8))}  ${neutralise(scopeName(scope))}  ${plural(resources, "resource")}`;

/**
 * Shows a collection on stderr: on a terminal a block that is drawn again (with a line that stays for each scope that is not
 * complete), elsewhere a line for each scope and step.
 */
export function createProgress({ screen, now, verbose }: ProgressOptions): Progress {
  const live = screen.isTerminal;
  const view = createView(now);
  let drawn = 0;
  let changed = false;

  const clear = () => (drawn > 0 ? `\u001b[${drawn}A\r\u001b[0J` : "");
  function draw(): void {
    if (!changed) return;
    changed = false;
    const lines = view.lines(screen.columns ?? 80, screen.rows ?? 24);
    void screen.write(`${clear()}${lines.join("\n")}\n`);
    drawn = lines.length;
  }
  function say(text: string): void {
    void screen.write(`${clear()}${text}\n`);
    drawn = 0;
    changed = live;
  }
  const timer = live ? setInterval(draw, REDRAW_MILLISECONDS) : undefined;
  timer?.unref();

  function sayEvent(event: ProgressEvent): void {
    if (event.type === "scope-finished" && (!live || event.status !== "complete")) {
      say(finishedLine(screen, event.scope, event.status, event.resources));
    } else if (event.type === "run-started" && !live) {
      say(`observing as ${event.run}`);
    } else if (event.type === "run-opened" && !live) {
      say(`delivering ${event.run}: ${plural(event.shards, "shard")}`);
    } else if (event.type === "run-ended" && !live) {
      say(`${event.run}: ${event.state}`);
    }
  }

  return {
    onProgress(event) {
      view.apply(event);
      changed = live;
      sayEvent(event);
    },
    log(line) {
      if (line.level !== "debug" || verbose) say(renderLog(line, screen));
    },
    say: (text) => say(neutralise(text)),
    end() {
      clearInterval(timer);
      if (drawn > 0) void screen.write(clear());
      drawn = 0;
      changed = false;
    },
  };
}
