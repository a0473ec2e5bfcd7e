import { writeFileSync } from "node:fs";
import type { Policy } from "@cadastre/contract/policy";
import type { RoleBinding } from "@cadastre/contract/role-binding";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./support.ts";

let world: World;
let robot: string;
let organization: string;

beforeAll(async () => {
  world = await createWorld();
  const made = (await world.json(["service-accounts", "add", "robot"])) as { id: string; organization: string };
  robot = `service-account/${made.id}`;
  organization = `organization/${made.organization}`;
});
afterAll(() => world.end());

test("roles are listed with what they may, also without an API", async () => {
  const { code, stdout } = await world.run("roles", "-o", "csv");
  expect(code).toBe(0);
  expect(stdout).toContain('vault-user,"system,organization,project,account","credentials:read,credentials:reveal"');
});

test("a role is given, explained, found and taken away", async () => {
  const made = (await world.json(["bindings", "add", robot, "viewer", organization, "--for", "8h"])) as RoleBinding;
  expect(made).toMatchObject({ role: "viewer", expiresAt: expect.any(String) });
  const explained = () => world.json(["access", "explain", robot, "accounts:read", organization]);
  expect(await explained()).toEqual({ decision: "allow", policies: [made.id], missing: [] });
  const who = (await world.json(["access", "who-can", "accounts:read", organization])) as { principal: string }[];
  expect(who.map(({ principal }) => principal)).toContain(robot);
  expect(await world.json(["access", "what-can", robot])).toMatchObject([{ resource: organization }]);
  expect(await world.json(["bindings", "list", "--role", "viewer"])).toMatchObject([{ id: made.id }]);
  expect((await world.run("bindings", "remove", made.id)).code).toBe(0);
  expect(await explained()).toMatchObject({ decision: "deny", policies: [] });
  expect((await world.run("bindings", "add", "nobody", "viewer", organization)).code).toBe(1);
});

test("a policy comes from a file, is tried before, changed and removed, and one that is wrong says where", async () => {
  writeFileSync(world.path("p.cedar"), "forbid (principal, action, resource is Cadastre::Project);\n");
  writeFileSync(world.path("wrong.cedar"), "permit (principal,\n  action == 1, resource);\n");
  const tried = await world.run("policies", "simulate", "p", "p.cedar");
  expect(tried).toMatchObject({ code: 0, stderr: expect.stringContaining("recorded requests decided again") });
  const made = (await world.json(["policies", "add", "p", "p.cedar", "--description", "no projects"])) as Policy;
  expect(made).toMatchObject({ name: "p", revision: 1, description: "no projects" });
  expect(await world.json(["policies", "set", made.id, "p.cedar", "--name", "q"])).toMatchObject({ revision: 2 });
  expect(await world.json(["policies", "revisions", made.id])).toMatchObject([
    { revision: 2, parent: 1 },
    { revision: 1 },
  ]);
  const wrong = await world.run("policies", "add", "wrong", "wrong.cedar");
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toContain("line 2, column");
  expect((await world.run("policies", "remove", made.id)).code).toBe(0);
  expect(await world.json(["policies", "list"])).toEqual([]);
});
