import { approveCollector, revokeCollector } from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey } from "@cadastre/core/access/testing";
import { systemActor } from "@cadastre/core/context";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ACCOUNT, anInstance, aRun, instanceScope } from "../support/estate.ts";
import { createWorld, runHere, type World } from "./support.ts";

const SYSTEM = systemActor("test");
const REGIONS = ["eu-west-1", "eu-west-3"];
let world: World;

/** A collector that was revoked after it had reported two regions. */
beforeEach(async () => {
  world = await createWorld();
  const collector = await registerCollector(
    world.context,
    SYSTEM,
    aCollector(aKey(), { name: "old", accounts: ["*"] }),
  );
  await approveCollector(world.context, SYSTEM, collector.id);
  const scopes = REGIONS.map((region, n) => ({
    key: instanceScope({ region }),
    resources: [anInstance(n, { region })],
  }));
  await aRun(scopes, { reporter: collector }).deliver(world.context);
  await revokeCollector(world.context, SYSTEM, collector.id);
});
afterEach(() => world.end());

const forget = (...args: string[]) => runHere(world, ["scopes", "forget", ...args], { columns: 120 });
const left = async () => ((await world.json(["scopes"])) as { region: string }[]).map(({ region }) => region);

test("what is to be forgotten is shown, and nothing is done without a yes", async () => {
  const { code, stderr } = await runHere(world, ["scopes", "forget", "--source", "old"], {
    columns: 120,
    input: "n\n",
  });
  expect(code).toBe(1);
  expect(stderr).toContain(`aws/${ACCOUNT}/eu-west-1/instance`);
  expect(stderr).toContain("2 scopes to forget; 2 resources that only they saw will be retired");
  expect(stderr).toContain(`${anInstance(0, { region: "eu-west-1" }).id} (web-0)`);
  expect(stderr).toContain("nothing was changed");
  const dry = await forget("--source", "old", "--dry-run");
  expect(dry).toMatchObject({ code: 0, stdout: "" });
  expect(await left()).toEqual(REGIONS);
});

test("with a yes at the terminal, or --yes, it is done, and watched to its end", async () => {
  const { code, stdout, stderr } = await runHere(world, ["scopes", "forget", `old/aws/${ACCOUNT}/eu-west-3/instance`], {
    columns: 120,
    input: "y\n",
  });
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("Forget 1 scope? [y/N]") });
  expect(stderr).toContain("forget-scopes done · 1 of 1 scopes (100 %) · 1 resources retired");
  expect(stdout).toContain("job: job_");
  expect(await left()).toEqual(["eu-west-1"]);
  expect(await world.json(["scopes", "forget", "--account", ACCOUNT, "--yes"])).toMatchObject({ scopes: 1 });
  expect(await left()).toEqual([]);
});

test("what cannot be asked, or is not meant, is refused with what is allowed", async () => {
  expect(await world.run("scopes", "forget", "--source", "old")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--yes"),
  });
  expect(await forget("--region", "eu-west-1")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("say which"),
  });
  expect(await forget("eu-west-1")).toMatchObject({ code: 2, stderr: expect.stringContaining("is no scope") });
  expect(await forget("--source", "nobody")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("scope.not_found"),
  });
  await aRun([{ key: instanceScope(), resources: [anInstance(9)] }]).deliver(world.context);
  const used = await forget("--account", ACCOUNT, "--yes");
  expect(used).toMatchObject({ code: 1, stderr: expect.stringContaining("which is on time") });
  expect(used.stderr).toContain("--stale");
});
