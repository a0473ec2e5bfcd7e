import { create } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { aContext } from "../../audit/testing.ts";
import { readTagDefinitions } from "./definitions.ts";
import { AddressTagItem } from "./items.ts";

const aTag = (space: string, name: string) => ({
  space,
  name,
  type: "Inheritable" as const,
  knownValues: [],
  attributes: {},
  implies: {},
  createdOn: "2026-11-22T05:00:00.000Z",
  modifiedOn: "2026-11-22T05:00:00.000Z",
});

test("the tags of a space are read together, at one read unit for many of them, and those of no other", async () => {
  const context = aContext();
  const names = Array.from({ length: 15 }, (_, n) => `tag ${n}`);
  await context.table.commit([
    ...names.map((name) => create(AddressTagItem, aTag("spc_1", name))),
    create(AddressTagItem, aTag("spc_2", "other")),
  ]);
  const { result, units, calls } = await context.table.meter.measure(() => readTagDefinitions(context, "spc_1"));
  expect([...result.keys()].toSorted()).toEqual(names.toSorted());
  expect([units.read, calls]).toEqual([1, 1]);
});
