import type { Resource } from "@cadastre/contract/view";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { createWorld, runHere, type World } from "./support.ts";

const MANY = 6;
let world: World;

beforeAll(async () => {
  world = await createWorld();
  const instances = Array.from({ length: MANY }, (_, n) =>
    anInstance(n, {
      name: n === 0 ? '=cmd("x"), y' : n === 1 ? "esc\u001b[2J" : `web-${n}`,
      tags: { env: `e${n}`, note: "back\u202ewards" },
    }),
  );
  await aRun([{ key: instanceScope(), resources: instances }]).deliver(world.context);
});
afterAll(() => world.end());

const here = (...args: string[]) => runHere(world, args);
const idOf = (n: number) => `arn:aws:ec2:us-east-1:111122223333:instance/i-${n.toString(16).padStart(17, "0")}`;

describe("the format", () => {
  test("json, yaml and csv say the same, name only the ids, and wide more than the table", async () => {
    const json = JSON.parse((await here("resources", "list", "-o", "json")).stdout) as Resource[];
    expect(json).toHaveLength(MANY);
    expect((await here("--json", "resources", "list")).stdout).toBe(
      (await here("resources", "list", "-o", "json")).stdout,
    );
    expect(parse((await here("resources", "list", "-o", "yaml")).stdout)).toEqual(json);
    const names = await here("resources", "list", "-o", "name");
    expect(names.stdout).toBe(json.map(({ id }) => `${id}\n`).join(""));
    const csv = (await here("resources", "list", "-o", "csv")).stdout.split("\n");
    expect(csv[0]).toBe("kind,provider,account,region,name,status,owner,changed,short-id,id");
    expect(csv).toContain(
      `instance,aws,111122223333,us-east-1,web-2,active,,${json[2]?.changedAt},${json[2]?.key},${idOf(2)}`,
    );
    const wide = await here("resources", "list", "-o", "wide");
    expect(wide.stdout).toContain("SHORT-ID");
    expect((await here("resources", "list")).stdout).not.toContain("SHORT-ID");
  });

  test("what comes from others is no formula for a spreadsheet and steers no terminal", async () => {
    const csv = (await here("resources", "list", "-o", "csv")).stdout;
    expect(csv).toContain(`"'=cmd(""x""), y"`);
    for (const format of ["csv", "yaml", "json", "wide", "table"]) {
      const { stdout } = await here("resources", "list", "-o", format);
      for (const unsafe of ["\u001b", "\u202e"]) expect(stdout).not.toContain(unsafe);
      expect(stdout).toContain(String.raw`esc\u001b[2J`);
    }
  });

  test("of one thing, and of what was changed, is the same choice", async () => {
    const one = JSON.parse((await here("resources", "show", idOf(2), "-o", "json")).stdout) as Resource;
    expect(parse((await here("resources", "show", idOf(2), "-o", "yaml")).stdout)).toEqual(one);
    expect((await here("resources", "show", idOf(2), "-o", "name")).stdout).toBe(`${idOf(2)}\n`);
    const [head = "", row = ""] = (await here("resources", "show", idOf(2), "-o", "csv")).stdout.split("\n");
    expect(head).toBe(Object.keys(one).join(","));
    expect(row).toContain(`,${one.key},instance,aws,`);
    expect((await here("jobs", "schedule", "-o", "name")).stdout).toContain("retention\n");
    expect(parse((await here("tokens", "create", "x", "--scopes", "audit:read", "-o", "yaml")).stdout)).toMatchObject({
      name: "x",
      secret: expect.stringMatching(/^cad_/),
    });
  });
});

describe("a choice", () => {
  test("is taken by its other names and in any case, everywhere", async () => {
    const all = (await here("resources", "list", "-o", "name")).stdout;
    expect((await here("resources", "list", "--kind", "vm", "-o", "name")).stdout).toBe(all);
    expect((await here("resources", "list", "--provider", "Amazon", "--status", "ALL", "-o", "NAME")).stdout).toBe(all);
    expect((await here("resources", "count", "--kind", "ec2", "--by", "Kind")).stdout).toContain("instance");
    for (const line of [["changes"], ["scopes"]])
      expect(await here(...line, "--kind", "VM", "-o", "json")).toMatchObject({ code: 0 });
  });

  test.each([
    [["resources", "list", "--kind", "vms"], "did you mean instance?"],
    [["resources", "count", "--kind", "sertificate"], "did you mean certificate?"],
    [["changes", "--type", "anotated"], "did you mean annotated?"],
    [["changes", "--kind", "subnets"], "did you mean subnet?"],
    [["scopes", "--status", "faild"], "did you mean failed?"],
    [["scopes", "--kind", "eips"], "did you mean address?"],
    [["holds", "list", "--state", "pendin"], "did you mean pending?"],
    [["jobs", "list", "--state", "runing"], "did you mean running?"],
    [["collectors", "list", "--state", "aproved"], "did you mean approved?"],
    [["collectors", "add", "x", "--provider", "asw", "--accounts", "1", "--key-file", "k"], "did you mean aws?"],
    [["accounts", "show", "gpc", "a"], "did you mean gcp?"],
    [["search", "web", "--by", "regions"], "did you mean region?"],
    [["resources", "list", "-o", "tabel"], "did you mean table?"],
    [["completion", "bsh"], "did you mean bash?"],
    [["ls"], "did you mean cadastre resources list?"],
    [["10.1.2.5"], "did you mean cadastre whose 10.1.2.5?"],
  ])("that is mistyped is refused with what was meant: %j", async (line, meant) => {
    expect(await here(...line)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(meant) });
  });

  test("of what is not there says how that is asked for, in lists and counts, too", async () => {
    for (const line of [
      ["search", "owner:none"],
      ["search", "owner:none", "--count"],
      ["resources", "list", "--owner", "None"],
    ])
      expect(await here(...line)).toMatchObject({ code: 0, stderr: expect.stringContaining("-has:owner") });
    expect(await here("resources", "list", "--tag", "none")).toMatchObject({
      stderr: expect.stringContaining("-has:tag"),
    });
    expect(await here("resources", "list", "--tag", "=prod")).toMatchObject({ code: 1, stdout: "" });
    expect(await here("resources", "list", "--owner", "")).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("columns and order", () => {
  test("are those that are asked for, also members of the document, in every format", async () => {
    const { stdout } = await here(
      "resources",
      "list",
      "--columns",
      "id,tags.env,Region",
      "--sort",
      "-tags.env",
      "-o",
      "csv",
    );
    const rows = [5, 4, 3, 2, 1, 0].map((n) => `${idOf(n)},e${n},us-east-1\n`);
    expect(stdout).toBe(`id,tags.env,region\n${rows.join("")}`);
    const json = await here(
      "resources",
      "list",
      "--columns",
      "tags.env",
      "--sort",
      "tags.env",
      "--limit",
      "2",
      "--json",
    );
    expect(JSON.parse(json.stdout)).toEqual([{ "tags.env": "e0" }, { "tags.env": "e1" }]);
    expect(json.stderr).toBe("the first 2, sorted among themselves; there are more: --all, or --limit N\n");
  });
});

describe("a terminal of 80 columns", () => {
  test("shows ids that can be copied: the cloud's own, or the short one, which every command takes", async () => {
    const { stdout } = await runHere(world, ["resources", "list"], { columns: 80 });
    const shown = [...stdout.matchAll(/ (i-[0-9a-f]{17})$/gm)].map(([, id]) => id as string);
    expect(shown).toHaveLength(MANY);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect((await here("resources", "show", shown[2] as string, "-o", "name")).stdout).toBe(`${idOf(2)}\n`);
    expect((await here("resources", "history", shown[2] as string)).stdout).toContain("created");
    expect((await here("resources", "show", "web-3", "-o", "name")).stdout).toBe(`${idOf(3)}\n`);
  });

  test("an id that could mean several is refused with exit code 2 and lists them", async () => {
    const twins = ["us-east-1", "eu-west-1"].map((region) => ({
      key: instanceScope({ region }),
      resources: [anInstance(900, { region, name: "twin" })],
    }));
    const more = await createWorld();
    await aRun(twins).deliver(more.context);
    const { code, stdout, stderr } = await runHere(more, ["resources", "show", `i-${"384".padStart(17, "0")}`]);
    await more.end();
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("could be 2 resources:");
    for (const { resources } of twins) expect(stderr).toContain(resources[0]?.id);
  });
});

test("--watch shows the list again when it has changed, until Ctrl-C, which is no failure", async () => {
  const running = world.start(["accounts", "list", "--watch", "1"]);
  await running.stdoutHas("111122223333");
  await runHere(world, ["accounts", "add", "aws", "999988887777"]);
  await running.stdoutHas("999988887777");
  running.child.kill("SIGINT");
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(stdout.match(/PROVIDER/g)).toHaveLength(2);
});

describe("annotating what a search finds", () => {
  const annotate = (more: readonly string[], input?: string) =>
    runHere(
      world,
      ["resources", "annotate", "--search", "kind:instance name:web-*", "--owner", "net", ...more],
      input === undefined ? {} : { columns: 100, input },
    );
  const owners = async () =>
    (JSON.parse((await here("resources", "list", "--json")).stdout) as Resource[]).map(({ owner }) => owner);

  test("is shown first, and done only after a yes", async () => {
    const asked = await annotate([], "n\n");
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain(
      '4 to annotate with owner: "net"\nAnnotate 4 resources? [y/N] nothing was changed\n',
    );
    const alone = await annotate([]);
    expect(alone.code).toBe(2);
    expect(alone.stderr).toContain("give --yes");
    expect((await owners()).every((owner) => owner === "")).toBe(true);
  });

  test("goes on where it was ended, tells each failure, and touches nothing twice", async () => {
    await here("resources", "annotate", "web-2", "--owner", "net");
    const before = JSON.parse((await here("resources", "show", "web-2", "--json")).stdout) as Resource;
    const done = await annotate([], "yes\n");
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining("3 annotated\n") });
    expect(done.stderr).toContain("(1 more have it already)");
    expect(JSON.parse((await here("resources", "show", "web-2", "--json")).stdout)).toEqual(before);
    expect((await owners()).filter((owner) => owner === "net")).toHaveLength(4);
    expect((await annotate(["--yes"])).stderr).toBe("all 4 have it already; nothing to do\n");
    const narrow = JSON.parse(
      (await here("tokens", "create", "reader", "--scopes", "resources:read", "--json")).stdout,
    ) as { secret: string };
    const refused = await runHere(world, ["resources", "annotate", "--search", "name:web-3", "--owner", "x", "--yes"], {
      env: { CADASTRE_TOKEN: narrow.secret },
    });
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/instance\/i-0+3: .*\(auth\.forbidden\)\n/);
    expect(refused.stderr).toContain("0 annotated; 1 are left (1 failed): the same command again goes on with them");
  });
});
