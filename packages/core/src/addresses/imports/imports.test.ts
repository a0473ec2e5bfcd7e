import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { importSettings } from "@cadastre/contract/addresses/import";
import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { aContext, auditRecords } from "../../audit/testing.ts";
import { runDueJobs } from "../../jobs/run-due.ts";
import { exportSpace } from "../exports/export-space.ts";
import { aSpace } from "../testing.ts";
import { collectBytes } from "../transfer/testing/files.ts";
import { getImport } from "./imports.ts";
import { importAddresses } from "./job.ts";
import { createImport } from "./start.ts";
import { ACTOR, aTag, importFile, plannedIn, problemsOf } from "./testing.ts";

async function setup() {
  const context = aContext();
  return { context, space: await aSpace(context) };
}

describe("an import", () => {
  test("plans what the file says, in one record of its beginning and one of its end", async () => {
    const { context, space } = await setup();
    await aTag(context, space, "env");
    const file =
      "prefix,name,tags,reserveUntil\n10.0.0.0/24,web,env=prod,\n10.0.0.0/8,ten,,2030-01-01\n10.0.0.7,one,,\n2001:DB8::/32,six,,\n";
    const done = await importFile(context, space, file, { name: "a.csv" });
    expect(done).toMatchObject({
      state: "done",
      format: "cadastre-prefixes",
      rows: 4,
      counts: { create: 4, update: 0, skip: 0, refuse: 0 },
      problems: 0,
    });
    const planned = await plannedIn(context, space);
    expect(planned.map(({ prefix, name, status, source }) => `${prefix} ${name} ${status} ${source}`)).toEqual([
      "10.0.0.0/8 ten reserved imported",
      "10.0.0.0/24 web active imported",
      "10.0.0.7/32 one active imported",
      "2001:db8::/32 six active imported",
    ]);
    expect(planned[1]?.tags).toEqual({ env: "prod" });
    const actions = (await auditRecords(context)).map(({ action }) => action);
    expect(actions).toEqual(["space.create", "space-import.create", "job.end"]);
  });

  test("judges the whole file before it writes: each error is named, and nothing is done", async () => {
    const { context, space } = await setup();
    await aTag(context, space, "env", { knownValues: ["prod"] });
    await importFile(context, space, "prefix\n10.9.0.0/16\n");
    const file = [
      "prefix,tags,account,vlan",
      "10.0.0.0/8,,,",
      "10.0.0.1/8,,,",
      "10.1.0.0/16,env=test,,",
      "10.2.0.0/16,owner=me,,",
      "10.3.0.0/16,,nonsense,",
      "10.9.0.0/16,,,",
      "10.0.0.0/8,,,",
      "10.4.0.0/16,,,120",
    ].join("\n");
    const { id, ...refused } = await importFile(context, space, file);
    expect(refused).toMatchObject({ state: "refused", counts: { create: 1, refuse: 7 }, problems: 7 });
    const problems = await problemsOf(context, space, id);
    expect(problems.map((text) => text.slice(0, 24))).toEqual([
      '3 prefix 10.0.0.1/8: "10',
      '4 tags env=test: env: "t',
      "5 tags owner=me: owner: ",
      "6 account nonsense: an a",
      "7 prefix 10.9.0.0/16: is",
      "8 prefix 10.0.0.0/8: sta",
      "9 vlan 120: is no VLAN o",
    ]);
    expect((await plannedIn(context, space)).map(({ prefix }) => prefix)).toEqual(["10.9.0.0/16"]);
  });
});

const VECTORS = new URL("../../../../../test/vectors/imports/", import.meta.url);
const vector = (name: string): Promise<Buffer> => readFile(new URL(name, VECTORS));
const noVlans = {
  columns: [
    ["VLAN", "ignore"],
    ["vlan.vid", "ignore"],
  ],
};

describe("rows that are taken each for itself", () => {
  test("are planned beside others that are refused, in one pass", async () => {
    const { context, space } = await setup();
    const done = await importFile(
      context,
      space,
      "prefix,status\n10.0.0.0/8,\n10.0.0.0/99,\n10.1.0.0/16,lost\n10.2.0.0/16,container\n",
      {
        mode: "per-row",
      },
    );
    expect(done).toMatchObject({ state: "done", rows: 4, counts: { create: 2, refuse: 2 }, problems: 2 });
    expect((await plannedIn(context, space)).map(({ prefix }) => prefix)).toEqual(["10.0.0.0/8", "10.2.0.0/16"]);
  });
});

describe("what is there already, or twice in the file,", () => {
  const FIRST = "prefix,name,owner\n10.0.0.0/8,ten,ann\n10.1.0.0/16,one,bob\n";
  const SECOND = "prefix,name\n10.0.0.0/8,ten\n10.1.0.0/16,\n10.2.0.0/16,two\n10.2.0.0/16,deux\n";
  const namesOf = async (duplicates: string) => {
    const { context, space } = await setup();
    await importFile(context, space, FIRST);
    context.advance(1);
    const done = await importFile(context, space, SECOND, { duplicates });
    const planned = await plannedIn(context, space);
    return { counts: done.counts, names: planned.map(({ name, owner, revision }) => `${name} ${owner} ${revision}`) };
  };

  test("is passed over", async () => {
    expect(await namesOf("skip")).toEqual({
      counts: { create: 1, update: 0, skip: 3, refuse: 0 },
      names: ["ten ann 1", "one bob 1", "two  1"],
    });
  });

  test("is heard where it says otherwise, and what it does not speak of stays", async () => {
    expect(await namesOf("update")).toEqual({
      counts: { create: 1, update: 1, skip: 2, refuse: 0 },
      names: ["ten ann 1", " bob 2", "deux  1"],
    });
  });

  test("refuses all", async () => {
    expect(await namesOf("fail")).toEqual({
      counts: { create: 1, update: 0, skip: 0, refuse: 3 },
      names: ["ten ann 1", "one bob 1"],
    });
  });
});

test("tags hold where a row will be: with what contains it in the space and in the file", async () => {
  const { context, space } = await setup();
  await aTag(context, space, "tier", { implies: { class: { gold: "a" } } });
  await aTag(context, space, "class");
  await importFile(context, space, "prefix,tag:class\n10.0.0.0/8,a\n");
  const file = "prefix,tag:tier,tag:class\n10.1.1.0/24,,b\n10.1.0.0/16,gold,\n";
  const { id, ...refused } = await importFile(context, space, file);
  expect(refused).toMatchObject({ state: "refused", counts: { create: 1, refuse: 1 } });
  expect(await problemsOf(context, space, id)).toEqual([
    "2 tags class=b: tier=gold, of 10.1.0.0/16, implies class=a, but 10.1.1.0/24 has class=b",
  ]);
});

describe("a dry run", () => {
  test("says what would be done and plans nothing", async () => {
    const { context, space } = await setup();
    const done = await importFile(context, space, "prefix\n10.0.0.0/8\n", { dryRun: true });
    expect(done).toMatchObject({ state: "done", dryRun: true, counts: { create: 1 } });
    expect(await plannedIn(context, space)).toEqual([]);
  });
});

describe("exports of others", () => {
  test.each([
    ["netbox-prefixes-all.csv", noVlans, 2],
    ["netbox-prefixes.json", noVlans, undefined],
    ["netbox-addresses.csv", {}, 2],
    ["netbox-addresses.json", {}, undefined],
    ["phpipam-subnets.csv", noVlans, 4],
    ["phpipam-addresses.csv", {}, 2],
    ["phpipam-addresses.json", {}, undefined],
    ["aws-ipam.json", {}, undefined],
  ])("%s is planned as it is", async (name, settings, count) => {
    const { context, space } = await setup();
    for (const tag of ["Name", "env", "team", "environment"]) await aTag(context, space, tag);
    const done = await importFile(context, space, await vector(name), settings);
    expect([done.state, await problemsOf(context, space, done.id)]).toEqual(["done", []]);
    expect(done.counts.create).toBeGreaterThan(0);
    if (count !== undefined) expect(done.counts.create).toBe(count);
  });

  test.each([
    ["netbox-ranges.csv", "ranges of addresses are not imported"],
    ["netbox-vlans.csv", "VLANs are not imported"],
    ["netbox-vrfs.csv", "a VRF is an address space"],
  ])("%s is refused and says why", async (name, message) => {
    const { context, space } = await setup();
    const refused = await importFile(context, space, await vector(name));
    expect(refused.state).toBe("refused");
    expect(refused.file?.message).toContain(message);
  });
});

describe("a space that is exported and imported into an empty one", () => {
  test.each(["csv", "json", "jsonl", "xlsx", "zip"] as const)("is the same tree, by %s", async (format) => {
    const { context, space } = await setup();
    const other = await aSpace(context);
    for (const one of [space, other]) await aTag(context, one, "env");
    const file = [
      "prefix,name,description,status,pool,tags,account,project,owner,externalId,externalNetwork,region,reserveUntil,attributes",
      '10.0.0.0/8,"=cmd|x","two\nlines, ""quoted""",container,yes,env=prod,aws/123456789012,p,ann,subnet-1,vpc-1,us-east-1,,"{""a"":[1,null]}"',
      "10.0.0.0/24,'=1,,reserved,,,,,,,,,2030-01-01T00:00:00Z,",
      "2001:db8::1,ü 🏠,,deprecated,,,,,,,,,,",
    ].join("\n");
    expect((await importFile(context, space, file)).state).toBe("done");
    const written = await collectBytes(await exportSpace(context, space, { format }));
    const bytes = format === "zip" ? unzipSync(written)["prefixes.csv"] : written;
    const again = await importFile(context, other, bytes as Uint8Array);
    expect([again.state, await problemsOf(context, other, again.id)]).toEqual(["done", []]);
    const said = async (of: string) =>
      (await plannedIn(context, of)).map(({ id: _, space: __, version: ___, import: ____, ...one }) => one);
    expect(await said(other)).toEqual(await said(space));
  });

  test("by parts: what is inside a prefix, from a place on", async () => {
    const { context, space } = await setup();
    await importFile(context, space, "prefix\n10.0.0.0/8\n10.1.0.0/16\n10.1.1.0/24\n11.0.0.0/8\n2001:db8::/32\n");
    const rows = async (options: object) => {
      const text = (await collectBytes(await exportSpace(context, space, { format: "jsonl", ...options }))).toString();
      return text.trim() === ""
        ? []
        : text
            .trim()
            .split("\n")
            .map((line) => (JSON.parse(line) as { prefix: string }).prefix);
    };
    expect(await rows({ within: "10.1.0.0/16" })).toEqual(["10.1.0.0/16", "10.1.1.0/24"]);
    expect(await rows({ limit: 2 })).toEqual(["10.0.0.0/8", "10.1.0.0/16"]);
    expect(await rows({ limit: 2, after: "10.1.0.0/16" })).toEqual(["10.1.1.0/24", "11.0.0.0/8"]);
    expect(await rows({ after: "11.0.0.0/8" })).toEqual(["2001:db8::/32"]);
    expect(await rows({ within: "10.0.0.0/8", after: "9.0.0.0/8" })).toEqual([
      "10.0.0.0/8",
      "10.1.0.0/16",
      "10.1.1.0/24",
    ]);
  });
});

describe("a file that is made to harm", () => {
  const refusedFor = async (bytes: string | Uint8Array, isGzip = false) => {
    const { context, space } = await setup();
    const file = { bytes: Buffer.from(bytes), isGzip };
    const settings = { ...importSettings.parse({}), parts: 1 };
    const { id } = await createImport(context, ACTOR, space, settings, { file, clock: context.now });
    await runDueJobs(context, [importAddresses], { until: new Date(context.now().getTime() + 1000) });
    const view = await getImport(context, space, id);
    expect(await plannedIn(context, space)).toEqual([]);
    return `${view.state} ${view.file?.reason ?? (await problemsOf(context, space, id))[0]}`;
  };

  test.each([
    ["nothing", "", "refused empty"],
    ["what is no text", Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x01]), "refused encoding"],
    ["half of a character", '[{"prefix":"10.0.0.0/8","name":"\\ud800"}]', "refused 1 undefined : has half"],
    [
      "more than a prefix is",
      `[{"prefix":"10.0.0.0/8","description":"${"x".repeat(70_000)}"}]`,
      "refused 1 undefined : says more",
    ],
    ["a zone", "prefix\nfe80::1%eth0\n", "refused 2 prefix fe80::1%eth0"],
    ["a tag called __proto__", 'prefix,tags\n10.0.0.0/8,"{""__proto__"":""x""}"\n', "refused 2 tags __proto__=x"],
  ])("%s is refused and says why", async (_, bytes, wanted) => {
    expect(await refusedFor(bytes)).toContain(wanted);
  });

  test("what unpacks to a gigabyte is read no further than may be, and what is cut off is no file", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, "x,"));
    expect(await refusedFor(bomb, true)).toMatch(/^refused (bytes|row_length)/);
    expect(await refusedFor(gzipSync("prefix\n10.0.0.0/8\n").subarray(0, 20), true)).toBe("refused malformed");
    expect(await refusedFor("prefix\n10.0.0.0/8\n", true)).toBe("refused malformed");
  });
});
