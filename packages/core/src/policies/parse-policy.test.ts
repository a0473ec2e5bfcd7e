import { describe, expect, test } from "vitest";
import { decide } from "./engine.ts";
import { MOST_POLICY_BYTES, parsePolicy } from "./parse-policy.ts";
import { AN_ORGANIZATION, aLink, aSituation, aUser } from "./testing.ts";
import { anOrganization } from "./things.ts";

const errorsOf = (text: string) => {
  const parsed = parsePolicy(text);
  return "errors" in parsed ? parsed.errors : [];
};
const READ = 'action == Cadastre::Action::"resources:read"';

describe("a policy that is no policy", () => {
  test("is told where: lines and columns in characters, also behind letters of two bytes", () => {
    expect(
      errorsOf(`// é\npermit (principal, ${READ}, resource)\nwhen { "é" == "é" && context.strenth > 1 };`),
    ).toEqual([{ line: 3, column: 22, message: expect.stringContaining("did you mean `strength`") }]);
    expect(errorsOf("permit (principal, action, resource) when { 1 + };")).toMatchObject([
      { line: 1, column: 49, message: expect.stringContaining("unexpected token") },
    ]);
  });

  test.each([
    [
      "of an unknown action",
      'permit (principal, action == Cadastre::Action::"resources:red", resource);',
      "did you mean",
    ],
    [
      "of a thing that the action is never done to",
      `permit (principal, ${READ}, resource is Cadastre::Credential);`,
      "is decided by account",
    ],
    ["of a condition that never holds", `permit (principal, ${READ}, resource) when { 1 == 2 };`, "impossible"],
    [
      "that asks for what is not said of everything",
      `permit (principal, ${READ}, resource) when { resource.tier == "1" };`,
      "attribute",
    ],
    ["that is a template", `permit (principal == ?principal, ${READ}, resource);`, "template"],
    ["that is empty", "// nothing", "no policy"],
    ["that is too long", `permit (principal, ${READ}, resource);${" ".repeat(MOST_POLICY_BYTES)}`, "longer"],
    ["of too many statements", "permit (principal, action, resource);".repeat(51), "statements"],
  ])("%s is refused", (_, text, message) => {
    expect(errorsOf(text)[0]?.message).toContain(message);
  });
});

describe("a policy that is made to kill", () => {
  const when = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;
  test.each([
    ["brackets", when(`${"(".repeat(4000)}true${")".repeat(4000)}`)],
    ["sets", when(`${"[".repeat(300)}1${"]".repeat(300)} == [1]`)],
    ["chains", when(Array(400).fill("context.strength == 1").join(" || "))],
    ["members", when(`context${".a".repeat(2000)}`)],
    ["choices", when(`${"if true then ".repeat(400)}true${" else false".repeat(400)}`)],
    ["chains that Cedar bears", when(Array(140).fill("context.strength == 1").join(" || "))],
  ])("by %s is refused, and the next one is read as ever", (_, text) => {
    expect(errorsOf(text)[0]?.message).toContain("nested too deeply");
    expect(errorsOf(when("context.strength > 1"))).toEqual([]);
  });

  test("does not touch what decides", () => {
    const who = aUser("usr_1");
    const rights = { links: [aLink("rbd_1", "viewer", who.uid)], rules: [] };
    const question = {
      who,
      action: "resources:read",
      what: anOrganization(AN_ORGANIZATION),
      situation: aSituation(),
    };
    expect(decide(rights, question).allowed).toBe(true);
    expect(errorsOf(when(`${"(".repeat(4000)}true${")".repeat(4000)}`))).not.toEqual([]);
    expect(decide(rights, question).allowed).toBe(true);
  });
});

test("the statements of a policy are read each, with whom and what they are about", () => {
  const parsed = parsePolicy(`
    permit (principal in Cadastre::Group::"grp_1", ${READ}, resource in Cadastre::Organization::"org_1");
    forbid (principal, action, resource is Cadastre::Account) when { resource has tier && resource.tier == "gold" };`);
  expect("statements" in parsed && parsed.statements).toMatchObject([
    {
      effect: "permit",
      looksAtResource: false,
      scope: {
        principal: { within: { type: "Cadastre::Group", id: "grp_1" } },
        actions: ["resources:read"],
        resource: { within: { type: "Cadastre::Organization", id: "org_1" } },
      },
    },
    { effect: "forbid", looksAtResource: true, scope: { principal: {}, resource: { is: "Cadastre::Account" } } },
  ]);
});

describe("a head that no decision would keep", () => {
  const action = (...names: string[]) => `action in [${names.map((name) => `Cadastre::Action::"${name}"`).join(", ")}]`;
  const refusal = (head: string) => errorsOf(`forbid (${head});`)[0];
  test.each([
    [
      "reading of single things, beside what is decided of them",
      `principal, ${action("credentials:reveal", "credentials:read")}, resource == Cadastre::Credential::"crd_1"`,
      "credentials:read is decided by account",
    ],
    ["anything of single things", "principal, action, resource is Cadastre::Resource", "name the actions"],
    [
      "all of an organization, of an account",
      `principal, ${action("accounts:write", "jobs:read")}, resource in Cadastre::Account::"aws/1"`,
      "jobs:read concerns the whole organization",
    ],
    [
      "a resource by its short id",
      `principal, ${action("resources:write")}, resource == Cadastre::Resource::"res_0123456789abcdef0123456789abcdef"`,
      "natural id",
    ],
  ])("%s, is refused where it stands", (_, head, message) => {
    expect(refusal(head)).toMatchObject({ line: 1, column: 1, message: expect.stringContaining(message) });
    expect(errorsOf(`permit (principal, ${READ}, resource);\n forbid (${head});`)[0]).toMatchObject({
      line: 2,
      column: 2,
    });
  });

  test.each([
    `principal, ${action("credentials:reveal", "credentials:write")}, resource == Cadastre::Credential::"crd_1"`,
    `principal, ${action("resources:write")}, resource == Cadastre::Resource::"arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1"`,
    `principal, ${action("accounts:write", "jobs:read")}, resource`,
    'principal, action, resource in Cadastre::Account::"aws/1"',
    "principal, action, resource is Cadastre::Account",
  ])("is none of %s", (head) => {
    expect(errorsOf(`forbid (${head});`)).toEqual([]);
  });

  test("tags are looked at of resources alone, since nothing else has any", () => {
    const when = 'when { resource.hasTag("team") };';
    expect(errorsOf(`forbid (principal, ${action("resources:write")}, resource) ${when}`)).toEqual([]);
    expect(errorsOf(`forbid (principal, ${READ}, resource) ${when}`)).toMatchObject([{ line: 1 }]);
  });
});
