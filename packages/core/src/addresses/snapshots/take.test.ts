import { newIp } from "@cadastre/contract/addresses/ip";
import { check } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { aContext, anActorOf } from "../../audit/testing.ts";
import { AddressSpaceItem } from "../spaces/items.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "../tree/create-ip.ts";
import { deleteIp } from "../tree/delete-ip.ts";
import { forecastIp } from "./forecast.ts";
import { takeSnapshots } from "./take.ts";
import { takeAll } from "./testing.ts";

const ACTOR = anActorOf("service-account", "sva_1");

test("a runner whose lease has gone notes nothing any more", async () => {
  const context = aContext();
  const space = await aSpace(context);
  const { id } = await createIp(context, ACTOR, space, newIp.parse({ prefix: "10.0.0.0/24" }));
  await createIp(context, ACTOR, space, newIp.parse({ prefix: "10.0.0.0/25" }));
  const gone = check(AddressSpaceItem, { id: "spc_0" }, "present");
  const step = takeSnapshots.advance(context, { id: "run_1", state: takeSnapshots.initial, guard: gone });
  await expect(step).rejects.toMatchObject({ name: "ConflictError" });
  expect((await forecastIp(context, space, id, { days: 9 })).days).toEqual([]);
  await context.table.close();
});

test("each day notes how much of each prefix is used that has something in it, once, and from three on tells when it is used up", async () => {
  const context = aContext();
  const spaces: string[] = [];
  for (let n = 0; n < 3; n++) spaces.push(await aSpace(context));
  const [space = ""] = spaces;
  const plan = (where: string, prefix: string, more: object = {}) =>
    createIp(context, ACTOR, where, newIp.parse({ prefix, status: "container", ...more }));
  const { id } = await plan(space, "10.0.0.0/24");
  const six = await plan(space, "2001:db8::/32");
  await plan(space, "2001:db8:8000::/33");
  for (let n = 0; n < 25; n++) {
    await plan(spaces[2] ?? "", `10.${n}.0.0/16`);
    await plan(spaces[2] ?? "", `10.${n}.0.0/17`);
  }
  const forecast = (of = id) => forecastIp(context, space, of, { days: 90 });
  expect(await forecast()).toEqual({ days: [] });
  for (let n = 0; n < 4; n++) {
    await plan(space, `10.0.0.${n * 32}/27`, { status: n === 2 ? "reserved" : "active" });
    const { taken, steps } = await takeAll(context);
    expect(taken).toBe(27);
    expect(steps).toBeGreaterThan(1);
    await takeAll(context);
    context.advance(86_400);
  }
  const told = await forecast();
  expect(told.days.map(({ day, used, reserved, percentage }) => [day, used, reserved, percentage])).toEqual([
    ["2026-11-22", 32, 0, "12.5"],
    ["2026-11-23", 64, 0, "25"],
    ["2026-11-24", 64, 32, "37.5"],
    ["2026-11-25", 96, 32, "50"],
  ]);
  // An eighth a day: the rest is used up in four days more.
  expect(told).toMatchObject({ exhaustedOn: "2026-11-29", earliest: "2026-11-29", latest: "2026-11-29" });
  expect(told.perDay).toBeCloseTo(12.5);
  expect(await forecast(six.id)).toMatchObject({ days: Array(4).fill({ percentage: "50" }), perDay: 0 });
  expect((await forecast(six.id)).exhaustedOn).toBeUndefined();
  expect((await forecast(six.id)).days[0]?.usable).toBe(String(1n << 96n));
  const short = await forecastIp(context, space, id, { days: 3 });
  expect(short.days).toHaveLength(2);
  await deleteIp(context, ACTOR, space, id, {});
  await expect(forecast()).rejects.toMatchObject({ code: "ip.not_found" });
  await expect(forecastIp(context, spaces[1] ?? "", six.id, { days: 3 })).rejects.toMatchObject({
    code: "ip.not_found",
  });
  await context.table.close();
});
