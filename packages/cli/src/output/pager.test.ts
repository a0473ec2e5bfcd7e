import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createPagedScreens } from "./pager.ts";
import { aScreen } from "./testing.ts";

const directory = mkdtempSync(join(tmpdir(), "cadastre-pager-"));
afterAll(() => rmSync(directory, { recursive: true }));
const LINES = Array.from({ length: 30 }, (_, at) => `line ${at}\n`);

function paged(env: Readonly<Record<string, string>>, terminal?: { columns: number; rows: number }) {
  const stdout = aScreen(terminal);
  const stderr = aScreen(terminal);
  let opened = 0;
  const screens = createPagedScreens({
    stdout,
    stderr,
    env: { PATH: process.env.PATH ?? "", ...env },
    onOpen: () => opened++,
  });
  return { ...screens, written: stdout.written, said: stderr.written, opened: () => opened };
}

const TERMINAL = { columns: 80, rows: 24 };

describe("what is longer than the terminal", () => {
  test("goes to PAGER whole, and what is said meanwhile waits for its end", async () => {
    const file = join(directory, "paged");
    const screens = paged({ PAGER: `cat > ${file}` }, TERMINAL);
    for (const line of LINES) await screens.stdout.write(line);
    await screens.stderr.write("there are more\n");
    expect(screens.said()).toBe("");
    await screens.end();
    expect(readFileSync(file, "utf8")).toBe(LINES.join(""));
    expect([screens.written(), screens.said(), screens.opened()]).toEqual(["", "there are more\n", 1]);
  });

  test("is shown without one that cannot be run, that is empty, or that was refused", async () => {
    for (const [env, refuse] of [
      [{ PAGER: join(directory, "none") }, false],
      [{ PAGER: "" }, false],
      [{ PAGER: "false" }, true],
    ] as const) {
      const screens = paged(env, TERMINAL);
      if (refuse) screens.stdout.direct();
      for (const line of LINES) await screens.stdout.write(line);
      await screens.end();
      expect(screens.written()).toBe(LINES.join(""));
    }
  });

  test("is not held up by a pager that is left early", async () => {
    const screens = paged({ PAGER: "true" }, TERMINAL);
    for (let times = 0; times < 100; times++) for (const line of LINES) await screens.stdout.write(line.repeat(100));
    await screens.end();
    expect(screens.written()).toBe("");
  });
});

test("what fits, and what goes to a pipe, meets no pager and keeps its order", async () => {
  const short = paged({ PAGER: "false" }, TERMINAL);
  await short.stdout.write("a table\n");
  await short.stderr.write("said\n");
  expect([short.written(), short.said()]).toEqual(["a table\n", "said\n"]);
  const pipe = paged({ PAGER: "false" });
  for (const line of LINES) await pipe.stdout.write(line);
  await pipe.end();
  expect([pipe.written(), pipe.opened()]).toEqual([LINES.join(""), 0]);
});
