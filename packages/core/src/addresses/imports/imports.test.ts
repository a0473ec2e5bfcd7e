import { describe, expect, test } from "vitest";
import { aContext, auditRecords } from "../../audit/testing.ts";
import { aSpace } from "../testing.ts";
import { aTag, importFile, plannedIn, problemsOf } from "./testing.ts";

async function setup() {
  const context = aContext();
  return { context, space: await aSpace(context) };
}

describe("an import", () => {
  test("plans what the file says, in one record of its beginning and one of its end", async () => {
    const { context, space } = await setup();
    await aTag(context, space, "env");
    const file = "prefix,name,tags,reserveUntil\n10.0.0.0/24,web,env=prod,\n10.0.0.0/8,ten,,2030-01-01\n10.0.0.7,one,,\n2001:DB8::/32,six,,\n";
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
      "3 prefix 10.0.0.1/8: \"10",
      "4 tags env=test: env: \"t",
      "5 tags owner=me: owner: ",
      "6 account nonsense: an a",
      "7 prefix 10.9.0.0/16: is",
      "8 prefix 10.0.0.0/8: sta",
      "9 vlan 120: is no VLAN o",
    ]);
    expect((await plannedIn(context, space)).map(({ prefix }) => prefix)).toEqual(["10.9.0.0/16"]);
  });
});
