import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importAddresses } from "@cadastre/core/addresses/imports/job";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, runHere, type World } from "./support.ts";

let world: World;
let folder: string;
beforeAll(async () => {
  world = await createWorld();
  folder = mkdtempSync(join(tmpdir(), "cadastre-imports-"));
  await cli("spaces", "add", "production");
});
afterAll(async () => {
  await world.end();
  rmSync(folder, { recursive: true });
});

const cli = (...args: string[]) => runHere(world, args);
const prefixes = (...args: string[]) => cli("prefixes", ...args, "--space", "production");
const aFile = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

test("a file is imported, and what is wrong with another one is a table, with 1", async () => {
  const bad = aFile("bad.csv", "Network,Env\n10.0.0.0/8,x\n10.0.0.1/8,\n");
  const refused = await prefixes("import", bad, "--map", "Env=ignore");
  expect(refused).toMatchObject({ code: 1, stderr: `${bad}: nothing was written: 1 row is refused\n` });
  expect(refused.stdout).toMatch(/^ROW +COLUMN +VALUE +REASON\n +3 +Network +10\.0\.0\.1\/8 /);
  const good = aFile("good.csv", "prefix,name\n10.0.0.0/8,ten\n10.1.0.0/16,=1+1\n");
  const dry = await prefixes("import", good, "--dry-run");
  expect(dry).toMatchObject({
    code: 0,
    stderr: `${good}: nothing was written: 2 to make, 0 to change, 0 passed over, 0 refused\n`,
  });
  const done = await prefixes("import", good, "-o", "json");
  expect(done).toMatchObject({ code: 0, stderr: `${good}: 2 made, 0 changed, 0 passed over, 0 refused\n` });
  expect(JSON.parse(done.stdout)).toMatchObject({ state: "done", name: "good.csv", counts: { create: 2 } });
  const again = await prefixes("import", good, "--duplicates", "skip");
  expect(again.stderr).toContain("0 made, 0 changed, 2 passed over");
});

test("a large file goes up in parts and is followed", async () => {
  // As hard to compress as names are, and longer than one part.
  const rows = Array.from(
    { length: 1500 },
    (_, n) => `10.2.${n >> 8}.${n & 255},${"ab".repeat(100)}${n},${"-".repeat(2700)}`,
  );
  const path = aFile("large.csv", `prefix,name,description\n${rows.join("\n")}\n`);
  const running = prefixes("import", path);
  let ended = false;
  void running.finally(() => {
    ended = true;
  });
  while (!ended) {
    await runDueJobs(world.context, [importAddresses], { until: new Date(world.context.now().getTime() + 60_000) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { code, stderr, stdout } = await running;
  expect(stderr).toContain("1500 made");
  expect([code, stdout.includes("parts: 2")]).toEqual([0, true]);
});

test("a space is written to a file of the form that its name says, or to standard output", async () => {
  const shown = await prefixes("export", "--within", "10.1.0.0/16");
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining("\r\n10.1.0.0/16,'=1+1,") });
  const path = join(folder, "all.xlsx");
  expect(await prefixes("export", path)).toMatchObject({ code: 0, stdout: "" });
  expect(readFileSync(path).subarray(0, 2).toString()).toBe("PK");
  expect(await prefixes("export", "--format", "zip")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("say which file"),
  });
  const nowhere = join(folder, "none", "all.csv");
  expect(await prefixes("export", nowhere)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("cannot be written"),
  });
  expect(existsSync(nowhere)).toBe(false);
});

test("what is no file is refused before anything is sent", async () => {
  expect(await prefixes("import", join(folder, "none.csv"))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there is no such file"),
  });
  expect(await prefixes("import", folder)).toMatchObject({ code: 2, stderr: expect.stringContaining("is no file") });
});
