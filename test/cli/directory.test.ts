import { writeFileSync } from "node:fs";
import type { Space } from "@cadastre/contract/addresses/space";
import type { Tag } from "@cadastre/contract/addresses/tag";
import type { Group } from "@cadastre/contract/group";
import type { Identity, IdentityProvider } from "@cadastre/contract/identity-provider";
import type { Organization } from "@cadastre/contract/organization";
import type { RoleBinding } from "@cadastre/contract/role-binding";
import type { ServiceAccount } from "@cadastre/contract/service-account";
import type { Token } from "@cadastre/contract/token";
import type { User } from "@cadastre/contract/user";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, runHere, type World } from "./support.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.end());

async function json<Answer>(...args: readonly string[]): Promise<Answer> {
  const { code, stdout, stderr } = await runHere(world, [...args, "--json"], { columns: 120 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Answer;
}
const here = (...args: readonly string[]) => runHere(world, args, { columns: 120 });

describe("identity providers", () => {
  test("are made with the secret of stdin, changed, linked to users and removed", async () => {
    const issuer = "https://login.example.org";
    const said = ["--issuer", issuer, "--client-id", "cadastre", "--creates-users"];
    const add = await runHere(world, ["identity-providers", "add", "Example", ...said, "--json"], {
      input: "canary\n",
    });
    expect([add.code, add.stderr]).toEqual([0, ""]);
    expect(add.stdout).not.toContain("canary");
    const made = JSON.parse(add.stdout) as IdentityProvider;
    expect(made).toMatchObject({ issuer, createsUsers: true, scopes: ["profile", "email"] });
    const group = await json<Group>("groups", "add", "by claim");
    const map = ["--groups-claim", "groups", "--group", "a=b=by claim", "--no-creates-users"];
    expect(await json<IdentityProvider>("identity-providers", "set", made.id, ...map)).toMatchObject({
      createsUsers: false,
      groupsClaim: "groups",
      groups: [{ value: "a=b", group: group.id }],
    });
    expect((await here("identity-providers", "list")).stdout).toMatch(/Example +https:\/\/login\.example\.org/);
    const ann = await json<User>("users", "add", "ann-by-provider");
    const linked = await json<Identity>("users", "link", "ann-by-provider", made.id, "2482");
    expect(await json<Identity[]>("users", "identities", ann.id)).toEqual([linked]);
    expect((await here("users", "unlink", ann.id, linked.id)).stderr).toBe(`took ${linked.id} from ${ann.id}\n`);
    expect((await here("identity-providers", "remove", made.id)).stderr).toBe(`removed ${made.id}\n`);
    expect((await here("identity-providers", "show", made.id)).code).toBe(1);
    expect((await here("identity-providers", "set", made.id)).stderr).toContain("nothing to change");
    expect((await here("identity-providers", "set", made.id, "--group", "x")).stderr).toContain("admins=engineers");
  });
});

describe("address spaces", () => {
  test("are made, found by name, changed in what is said and in nothing else, and listed", async () => {
    const rules = ["--rule", "aws/111122223333", "--rule", "gcp/shop/shared", "--rule", "aws"];
    const made = await json<Space>("spaces", "add", "Production", ...rules, "--description", "all of it");
    expect(made.rules).toEqual([
      { provider: "aws", account: "111122223333" },
      { provider: "gcp", account: "shop", network: "shared" },
      { provider: "aws" },
    ]);
    const next = await json<Space>("spaces", "set", "production", "--import-policy", "automatic", "--name", "Live");
    expect(next).toEqual({
      ...made,
      name: "Live",
      importPolicy: "automatic",
      modifiedOn: next.modifiedOn,
      version: next.version,
    });
    const distinct = await json<Space>("spaces", "set", "live", "--no-rules", "--route-distinguisher", "65000:1");
    expect(distinct).toMatchObject({ rules: [], routeDistinguisher: "65000:1", description: "all of it" });
    expect(await json<Space>("spaces", "set", "live", "--route-distinguisher", "")).not.toHaveProperty(
      "routeDistinguisher",
    );
    expect(await json<Space[]>("spaces", "list", "--name-contains", "LIV")).toMatchObject([{ id: made.id }]);
    expect((await here("spaces", "list")).stdout).toMatch(/spc_\w+ +Live +automatic/);
    expect((await here("spaces", "show", made.id)).stdout).toContain("all of it");
    expect((await here("access", "explain", "nobody", "addresses:read", "address-space/live")).stderr).toContain(
      "nobody",
    );
    for (const [args, text] of [
      [["set", "live"], "nothing to change"],
      [["set", "live", "--rule", "azure/1"], "is no rule"],
      [["show", "gone"], "there is no address space of the name"],
      [["add", "LIVE"], "another address space has the name"],
      [["add", "x", "--route-distinguisher", "1"], "65000:100"],
    ] as const)
      expect((await here("spaces", ...args)).stderr).toContain(text);
  });

  test("are shown with what would go, and go when that is confirmed", async () => {
    const { id } = await json<Space>("spaces", "add", "Going");
    await json("space-tags", "add", "going", "env");
    expect((await here("spaces", "remove", "going", "--dry-run")).stderr).toBe(`Going (${id}) has tags: 1\n`);
    expect(await json("spaces", "remove", "going", "--dry-run")).toEqual({ contents: [{ of: "tags", count: 1 }] });
    expect((await here("spaces", "keep", "going")).stderr).toContain("space.not_deleting");
    const removed = await here("spaces", "remove", "going", "--yes");
    expect(removed.code).toBe(0);
    expect((await here("spaces", "show", id)).stderr).toContain("space.not_found");
  });
});

describe("tags of an address space", () => {
  test("are defined, changed in what is said and in nothing else, listed and removed", async () => {
    await json<Space>("spaces", "add", "Tagged");
    await json<Tag>("space-tags", "add", "tagged", "tier");
    const values = ["--value", "prod", "--value", "test"];
    const made = await json<Tag>("space-tags", "add", "tagged", "env", ...values, "--implies", "prod:tier=gold");
    expect(made).toMatchObject({
      type: "Inheritable",
      knownValues: ["prod", "test"],
      implies: { tier: { prod: "gold" } },
    });
    const next = await json<Tag>("space-tags", "set", "tagged", "env", "--attribute", "prod:color=a=b");
    expect(next).toEqual({
      ...made,
      attributes: { color: { prod: "a=b" } },
      modifiedOn: next.modifiedOn,
      version: next.version,
    });
    expect((await here("space-tags", "set", "tagged", "env", "--no-values", "--dry-run")).stderr).toBe(
      "no prefix would be wrong with it\n",
    );
    expect((await here("space-tags", "list", "tagged")).stdout).toMatch(/env +Inheritable +prod,test +prod:tier=gold/);
    expect(await json<Tag>("space-tags", "show", "tagged", "env")).toEqual(next);
    expect(
      await json<Tag>("space-tags", "set", "tagged", "env", "--no-implies", "--type", "NonInheritable"),
    ).toMatchObject({
      type: "NonInheritable",
      implies: {},
    });
    for (const [args, text] of [
      [["set", "tagged", "env"], "nothing to change"],
      [["add", "tagged", "x", "--implies", "gold"], "VALUE:NAME=TEXT"],
      [["add", "tagged", "x", "--implies", "a:none=b"], "no tag of this name"],
      [["show", "tagged", "evn"], "did you mean env"],
      [["add", "gone", "x"], "there is no address space of the name"],
    ] as const)
      expect((await here("space-tags", ...args)).stderr).toContain(text);
    expect((await here("space-tags", "remove", "tagged", "env")).stderr).toBe("removed env\n");
  });
});

describe("users, service accounts and groups", () => {
  test("are made, found by name, put together, renamed, disabled and removed", async () => {
    const ann = await json<User>("users", "add", "ann@example.com", "--display-name", "Ann");
    const robot = await json<ServiceAccount>("service-accounts", "add", "robot");
    const group = await json<Group>("groups", "add", "engineers");
    expect(await json<User[]>("users", "list", "--name", "ANN@example.com")).toMatchObject([{ id: ann.id }]);
    for (const { id } of [ann, robot]) expect((await here("groups", "put", group.id, id)).code).toBe(0);
    expect(await json<object[]>("groups", "members", group.id)).toHaveLength(2);
    expect((await here("groups", "take", group.id, robot.id)).stderr).toBe(`${robot.id} is not in ${group.id}\n`);
    expect(
      await json<User>("users", "set", ann.id, "--display-name", "", "--email", "ann@example.com"),
    ).not.toHaveProperty("displayName");
    expect((await here("users", "disable", ann.id)).stderr).toBe(`disabled ${ann.id}\n`);
    expect((await here("users", "list")).stdout).toMatch(/ann@example\.com +disabled/);
    expect(await json<Group>("groups", "rename", group.id, "operators")).toMatchObject({ name: "operators" });
    expect(await json<ServiceAccount>("service-accounts", "rename", robot.id, "r2")).toMatchObject({ name: "r2" });
    for (const [noun, { id }] of [
      ["users", ann],
      ["service-accounts", robot],
      ["groups", group],
    ] as const) {
      expect((await here(noun, "remove", id)).stderr).toBe(`removed ${id}\n`);
      expect((await here(noun, "show", id)).code).toBe(1);
    }
  });

  test("are meant by their names wherever an id is taken, and a name that could be several is asked about", async () => {
    const eve = await json<User>("users", "add", "eve");
    const robot = await json<ServiceAccount>("service-accounts", "add", "builder");
    const group = await json<Group>("groups", "add", "team/net");
    for (const name of ["EVE", "service-account/builder"])
      expect((await here("groups", "put", "team/net", name)).code).toBe(0);
    expect(await json<object[]>("groups", "members", "team/net")).toHaveLength(2);
    const bound = await json<RoleBinding>("bindings", "add", "team/net", "viewer", "organization/default");
    expect(bound).toMatchObject({ principal: { type: "group", id: group.id }, resource: { id: eve.organization } });
    expect(await json<object[]>("bindings", "list", "--principal", "group/team/net")).toHaveLength(1);
    expect(await json("access", "explain", "eve", "resources:read", "organization/default")).toMatchObject({
      decision: "allow",
      policies: [bound.id],
    });
    expect(await json<object[]>("access", "what-can", "builder")).toHaveLength(1);
    expect(await json("organizations", "show", "default")).toMatchObject({ id: eve.organization });
    await json<Group>("groups", "add", "eve");
    const both = await here("bindings", "add", "eve", "viewer", "system");
    expect([both.code, both.stderr]).toEqual([
      2,
      expect.stringContaining("give user/eve, service-account/eve, group/eve"),
    ]);
    for (const [verb, noun] of [
      ["disable", "users"],
      ["enable", "users"],
    ] as const)
      expect((await here(noun, verb, "eve")).stderr).toBe(`${verb}d eve\n`);
    for (const who of ["admin", "user:ADMIN"])
      expect((await here("audit", "--actor", who, "--since", "yesterday")).stdout).toContain("group.create");
    expect(await json("service-accounts", "show", "builder")).toMatchObject({ id: robot.id });
  });

  test.each([
    [["groups", "put", "grp_01JD0000000000000000000000", "nobody"], 1, 'nobody is called "nobody"'],
    [["groups", "members", "nothing"], 1, 'there is no group of the name "nothing"'],
    [["users", "unlock", "nobody"], 1, 'there is no user of the name "nobody"'],
    [["users", "set", "usr_1"], 2, "nothing to change"],
    [["bindings", "add", "admin", "viewer", "nowhere"], 2, 'a role is not bound to "nowhere"'],
    [["bindings", "add", "admin", "viewer", "organization/x"], 1, 'there is no organization "x"'],
    [["audit", "--actor", "user:nobody"], 1, 'there is no user of the name "nobody"'],
    [["audit", "--since", "then"], 2, "then"],
    [["roles", "list"], 2, "hint: `cadastre roles` lists them"],
    [["audit", "list"], 2, "hint: `cadastre audit` lists them"],
  ] as const)("%j says what is wrong", async (args, code, text) => {
    expect(await here(...args)).toMatchObject({ code, stderr: expect.stringContaining(text) });
  });

  test("a token of a service account acts as that one, and ends when it is disabled", async () => {
    const robot = await json<ServiceAccount>("service-accounts", "add", "deploy");
    await json("bindings", "add", `service-account/${robot.id}`, "admin", `organization/${robot.organization}`);
    const made = await json<Token & { secret: string }>(
      "tokens",
      "create",
      "deploy",
      "--principal",
      robot.id,
      "--scopes",
      "directory:read",
    );
    expect(made.principal).toEqual({ type: "service-account", id: robot.id });
    writeFileSync(world.path("deploy.token"), made.secret);
    const token = ["--token-file", world.path("deploy.token")];
    expect((await here("users", "list", ...token)).code).toBe(0);
    await here("service-accounts", "disable", robot.id);
    const ended = await here("users", "list", ...token);
    expect([ended.code, ended.stderr]).toEqual([4, expect.stringContaining("auth.revoked")]);
  });
});

describe("organizations", () => {
  test("are acted in by --act-in, and have nothing of one another", async () => {
    const { id } = await json<Organization>("organizations", "add", "payments", "--owner", "Ann");
    const bob = await json<User>("users", "add", "bob", "--act-in", "payments");
    expect(bob.organization).toBe(id);
    expect((await json<User[]>("users", "list", "--act-in", id)).map(({ userName }) => userName)).toEqual(["bob"]);
    expect((await json<User[]>("users", "list")).map(({ userName }) => userName)).not.toContain("bob");
    expect(await json<Organization>("organizations", "set", id, "--slug", "pay")).toMatchObject({ slug: "pay" });
    expect(await json<Organization[]>("organizations", "list")).toMatchObject([{ slug: "default" }, { slug: "pay" }]);
    const gone = await here("users", "list", "--act-in", "payments");
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining("organization.not_found")]);
  });
});
