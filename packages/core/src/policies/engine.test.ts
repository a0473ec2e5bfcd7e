import { OPERATOR_ACTIONS } from "@cadastre/contract/actions";
import { ROLES, type Role } from "@cadastre/contract/principal";
import { ROLE_ACTIONS } from "@cadastre/contract/role";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideAccounts } from "./accounts-allowed.ts";
import { openCedar } from "./cedar.ts";
import { decide, type Link, type Question, type Rights, type Rule } from "./engine.ts";
import { SCHEMA } from "./schema.ts";
import { templateOf } from "./templates.ts";
import { AN_ORGANIZATION, aLink, aSituation, aUser, rulesOf } from "./testing.ts";
import { anAccount, anOrganization, aThing, theSystem, thingUid } from "./things.ts";

const ANNA = aUser("usr_1", "grp_1", "grp_2");
const ORGANIZATION = anOrganization(AN_ORGANIZATION);
const READ = 'action == Cadastre::Action::"resources:read"';

const ask = (more: Partial<Question> = {}): Question => ({
  who: ANNA,
  action: "resources:read",
  what: ORGANIZATION,
  situation: aSituation(),
  ...more,
});
const only = (link: Link): Rights => ({ links: [link], rules: [] });
const withRules = (...texts: string[]): Rights => ({
  links: [aLink("rbd_1", "viewer", ANNA.uid)],
  rules: texts.flatMap((text, at) => rulesOf(`pol_${at}`, text)),
});

describe("a role", () => {
  test.each(ROLES)("%s gives its actions and no other", (role) => {
    const rights = only(aLink("rbd_1", role, ANNA.uid, thingUid("system", "system")));
    const given = OPERATOR_ACTIONS.filter((action) => decide(rights, ask({ action })).allowed);
    expect(given).toEqual(OPERATOR_ACTIONS.filter((action) => ROLE_ACTIONS[role].includes(action)));
  });

  test("gives in its place and in what is in it, and nowhere else", () => {
    const account = anAccount(AN_ORGANIZATION, { provider: "aws", account: "1" });
    const other = anAccount(AN_ORGANIZATION, { provider: "aws", account: "2" });
    const here = only(aLink("rbd_1", "viewer", ANNA.uid, account.uid));
    expect(decide(here, ask({ what: account }))).toEqual({ allowed: true, policies: ["rbd_1"], errors: [] });
    for (const what of [other, ORGANIZATION, theSystem()]) expect(decide(here, ask({ what })).allowed).toBe(false);
    const all = only(aLink("rbd_1", "viewer", ANNA.uid));
    for (const what of [account, other, ORGANIZATION]) expect(decide(all, ask({ what })).allowed).toBe(true);
    for (const what of [theSystem(), anOrganization("org_2")]) expect(decide(all, ask({ what })).allowed).toBe(false);
  });

  test("is held by a group's members, and by nobody else", () => {
    const rights = only(aLink("rbd_1", "viewer", { type: "Cadastre::Group", id: "grp_2" }));
    expect(decide(rights, ask()).allowed).toBe(true);
    expect(decide(rights, ask({ who: aUser("usr_1", "grp_1") })).allowed).toBe(false);
    expect(decide(only(aLink("rbd_1", "viewer", aUser("usr_2").uid)), ask()).allowed).toBe(false);
  });
});

describe("a policy", () => {
  test.each<[string, string, Partial<Question>, Partial<Question>]>([
    [
      "the address",
      'context has address && context.address.isInRange(ip("192.168.0.0/16"))',
      { situation: aSituation({ address: "192.168.3.4" }) },
      { situation: aSituation({ address: undefined }) },
    ],
    [
      "the time",
      'context.time > datetime("2026-12-01")',
      { situation: aSituation({ time: new Date("2026-12-02") }) },
      {},
    ],
    ["the strength", "context.strength >= 2", { situation: aSituation({ strength: 2 }) }, {}],
    [
      "the age",
      "context has age && context.age < 300",
      { situation: aSituation({ ageSeconds: 299 }) },
      { situation: aSituation({ ageSeconds: 300 }) },
    ],
    [
      "the account",
      'resource has account && resource.account == "1"',
      { what: anAccount(AN_ORGANIZATION, { provider: "aws", account: "1" }) },
      { what: anAccount(AN_ORGANIZATION, { provider: "aws", account: "2" }) },
    ],
    [
      "the environment",
      'resource has environment && resource.environment == "test"',
      { what: anAccount(AN_ORGANIZATION, { provider: "aws", account: "1", environment: "test" }) },
      { what: anAccount(AN_ORGANIZATION, { provider: "aws", account: "1", environment: "" }) },
    ],
  ])("looks at %s", (_, condition, met, unmet) => {
    const rights = {
      links: [],
      rules: rulesOf("pol_1", `permit (principal, ${READ}, resource) when { ${condition} };`),
    };
    expect(decide(rights, ask(met))).toEqual({ allowed: true, policies: ["pol_1"], errors: [] });
    expect(decide(rights, ask(unmet))).toEqual({ allowed: false, policies: [], errors: [] });
    const forbids = withRules(`forbid (principal, ${READ}, resource) when { ${condition} };`);
    expect(decide(forbids, ask(met))).toEqual({ allowed: false, policies: ["pol_0"], errors: [] });
    expect(decide(forbids, ask(unmet)).allowed).toBe(true);
  });

  test("looks at the tags of a single thing", () => {
    const rights = withRules(
      'permit (principal, action == Cadastre::Action::"resources:write", resource is Cadastre::Resource) when { resource.hasTag("team") && resource.getTag("team") == "net" };',
    );
    const tagged = (team: string) =>
      aThing(AN_ORGANIZATION, {
        type: "resource",
        id: "r",
        tags: { team },
        account: { provider: "aws", account: "1" },
      });
    expect(decide(rights, ask({ action: "resources:write", what: tagged("net") })).allowed).toBe(true);
    expect(decide(rights, ask({ action: "resources:write", what: tagged("web") })).allowed).toBe(false);
  });

  test("that cannot be evaluated denies, whichever it is", () => {
    const overflow = "context.strength + 9223372036854775807 > 0";
    for (const effect of ["permit", "forbid"])
      expect(decide(withRules(`${effect} (principal, ${READ}, resource) when { ${overflow} };`), ask())).toMatchObject({
        allowed: false,
        errors: ["pol_0"],
      });
  });

  test("is not asked what is no request of the schema", () => {
    const rights = withRules("permit (principal, action, resource);");
    expect(decide(rights, ask({ action: "resources:destroy" }))).toMatchObject({ allowed: false, policies: [] });
    expect(decide(rights, ask({ situation: aSituation({ address: "here" }) })).allowed).toBe(false);
  });

  test("decides though more sets of policies were asked than are kept", () => {
    for (let n = 0; n < 300; n += 1) {
      const id = `usr_${n}`;
      const rights = only(aLink(`rbd_${n}`, "viewer", aUser(id).uid));
      expect(decide(rights, ask({ who: aUser(id) })).policies).toEqual([`rbd_${n}`]);
    }
    expect(decide(only(aLink("rbd_0", "viewer", aUser("usr_0").uid)), ask({ who: aUser("usr_0") })).allowed).toBe(true);
  });
});

describe("policies with conditions, which are kept parsed", () => {
  const STRONG = "when { context.strength >= 2 }";
  const conditional = (id: string, strength = 1) =>
    rulesOf(id, `permit (principal, ${READ}, resource) when { context.strength >= ${strength} };`)[0] as Rule;
  const asked = (rules: readonly Rule[], more: Partial<Question> = {}, links: readonly Link[] = []) =>
    decide({ links, rules }, ask(more));

  test("are not taken for others, though more sets were asked than are kept", () => {
    const one = conditional("pol_one");
    // Of the same text, so that nothing is parsed again to make them.
    const sets = Array.from({ length: 300 }, (_, n): Rule[] => [{ ...one, id: `pol_${n}` }]);
    for (const [n, set] of sets.entries()) expect(asked(set).policies).toEqual([`pol_${n}`]);
    for (const n of [0, 299, 43, 44, 1, 150]) expect(asked(sets[n] ?? []).policies).toEqual([`pol_${n}`]);
  });

  test("are others once their text is another, by the same id", () => {
    expect(asked([conditional("pol_same", 1)]).allowed).toBe(true);
    expect(asked([conditional("pol_same", 2)]).allowed).toBe(false);
    expect(asked([conditional("pol_same", 1)]).allowed).toBe(true);
  });

  test("stand beside bindings, also those to the system, and may be about all that is in it", () => {
    const unmet = rulesOf("pol_unmet", `forbid (principal, ${READ}, resource) ${STRONG};`);
    for (const place of [thingUid("system", "system"), ORGANIZATION.uid]) {
      const links = [aLink("rbd_1", "viewer", ANNA.uid, place), aLink("rbd_2", "viewer", ANNA.uid)];
      expect(asked(unmet, {}, links)).toEqual({ allowed: true, policies: ["rbd_1", "rbd_2"], errors: [] });
    }
    const group = aLink("rbd_1", "viewer", { type: "Cadastre::Group", id: "grp_2" });
    expect(asked(unmet, {}, [group]).allowed).toBe(true);
    const ofSystem = rulesOf(
      "pol_1",
      `permit (principal, ${READ}, resource in Cadastre::System::"system") unless { context.strength > 2 };`,
    );
    const account = anAccount(AN_ORGANIZATION, { provider: "aws", account: "1" });
    for (const what of [ORGANIZATION, account, theSystem()])
      expect(asked([...ofSystem, ...unmet], { what }).allowed).toBe(true);
  });

  test("that cannot be asked deny, and those that do not parse are a fault", () => {
    const [rule] = [conditional("pol_1")];
    const odd = asked([rule], { situation: aSituation({ strength: 1.5 }) });
    expect(odd).toMatchObject({ allowed: false, policies: [] });
    expect(odd.errors).not.toEqual([]);
    expect(() => asked([{ ...rule, text: "permit (principal) when" }])).toThrow(/^stored policies do not parse: ./);
    expect(asked([rule]).allowed).toBe(true);
  });

  test("that kill what evaluates them deny, and the next question is decided as ever", () => {
    const [rule] = [conditional("pol_1")];
    const deadly = `permit (principal, ${READ}, resource) when { ${"(".repeat(3000)}true${")".repeat(3000)} };`;
    expect(asked([{ ...rule, id: "pol_deadly", text: deadly }, rule])).toEqual({
      allowed: false,
      policies: [],
      errors: ["pol_deadly", "pol_1"],
    });
    expect(asked([rule])).toEqual({ allowed: true, policies: ["pol_1"], errors: [] });
  });
});

describe("whatever the bindings and policies are", () => {
  const heads = [
    `principal, ${READ}, resource`,
    "principal, action, resource is Cadastre::Account",
    `principal in Cadastre::Group::"grp_1", action, resource in Cadastre::Organization::"${AN_ORGANIZATION}"`,
    `principal == Cadastre::User::"usr_2", action, resource`,
    `principal, action in [Cadastre::Action::"accounts:read", Cadastre::Action::"resources:read"], resource == Cadastre::Account::"aws/1"`,
  ];
  const conditions = [
    "",
    "when { context.strength > 1 }",
    'when { resource has environment && resource.environment == "prod" }',
    'unless { resource in Cadastre::Account::"aws/2" }',
    "when { context.strength + 9223372036854775806 > 5 }",
  ];
  // Parsed once: reading a policy takes longer than deciding by it.
  const parsed = (["permit", "forbid"] as const).flatMap((effect) =>
    heads.flatMap((head, h) =>
      conditions.flatMap((condition, c) => rulesOf(`pol_${effect}_${h}_${c}`, `${effect} (${head}) ${condition};`)),
    ),
  );
  const ACCOUNTS = [
    { provider: "aws", account: "1", environment: "prod" },
    { provider: "aws", account: "2" },
    { provider: "gcp", account: "three", environment: "prod" },
  ];
  const places = [
    thingUid("system", "system"),
    thingUid("organization", AN_ORGANIZATION),
    thingUid("account", "aws/1"),
    thingUid("account", "gcp/three"),
  ];
  const holders = [ANNA.uid, aUser("usr_2").uid, { type: "Cadastre::Group", id: "grp_1" }];
  const links = fc
    .array(
      fc.record({
        role: fc.constantFrom<Role>("viewer", "admin", "auditor", "vault-user"),
        holder: fc.constantFrom(...holders),
        place: fc.constantFrom(...places),
      }),
      { maxLength: 4 },
    )
    .map((all) => all.map((one, at) => ({ ...one, id: `rbd_${at}` })));
  const rules = fc.uniqueArray(fc.constantFrom(...parsed), { maxLength: 4, selector: ({ id }) => id });
  const rights = fc.record({ links, rules }) as fc.Arbitrary<Rights>;
  const question = fc.record({
    who: fc.constantFrom(ANNA, aUser("usr_2")),
    action: fc.constantFrom("resources:read", "accounts:read", "credentials:reveal"),
    what: fc.constantFrom(ORGANIZATION, theSystem(), ...ACCOUNTS.map((one) => anAccount(AN_ORGANIZATION, one))),
    situation: fc.constantFrom(1, 2).map((strength) => aSituation({ strength })),
  });
  const runs = { numRuns: 150 };

  test("a forbid that applies overrides all that allows", () => {
    const [forbid] = rulesOf("pol_never", "forbid (principal, action, resource);") as [Rule];
    fc.assert(
      fc.property(rights, question, (given, asked) => {
        expect(decide({ ...given, rules: [...given.rules, forbid] }, asked).allowed).toBe(false);
      }),
      runs,
    );
  });

  test("one more forbid never allows more", () => {
    const forbid = fc.constantFrom(...parsed.filter(({ effect }) => effect === "forbid"));
    fc.assert(
      fc.property(rights, question, forbid, (given, asked, more) => {
        const added = { ...given, rules: [...given.rules.filter(({ id }) => id !== more.id), more] };
        if (decide(added, asked).allowed) expect(decide(given, asked).allowed).toBe(true);
      }),
      runs,
    );
  });

  test("one binding less never allows more", () => {
    fc.assert(
      fc.property(rights, question, fc.nat(3), (given, asked, at) => {
        const fewer = { ...given, links: given.links.filter((_, n) => n !== at) };
        if (decide(fewer, asked).allowed) expect(decide(given, asked).allowed).toBe(true);
      }),
      runs,
    );
  });

  test("what Cedar says of all of them, and not only of those that are about the question, is the same", () => {
    const cedar = openCedar();
    const whole = ({ links, rules }: Rights, { who, action, what, situation }: Question) => {
      const answer = cedar.isAuthorized({
        principal: who.uid,
        action: { type: "Cadastre::Action", id: action },
        resource: what.uid,
        context: {
          time: { __extn: { fn: "datetime", arg: situation.time.toISOString() } },
          strength: situation.strength,
          token: true,
        },
        schema: SCHEMA,
        validateRequest: true,
        policies: {
          staticPolicies: Object.fromEntries(rules.map(({ id, text }) => [id, text])),
          templates: Object.fromEntries(
            ROLES.flatMap((role) => {
              const text = templateOf(role);
              return text === undefined ? [] : [[role, text]];
            }),
          ),
          templateLinks: links.map(({ id, role, holder, place }) => ({
            templateId: role,
            newId: id,
            values: { "?principal": holder, "?resource": place },
          })),
        },
        entities: [{ uid: who.uid, attrs: {}, parents: [...who.within] }, ...what.entities],
      });
      if (answer.type === "failure") throw new Error(answer.errors[0]?.message);
      const { decision, diagnostics } = answer.response;
      const errors = diagnostics.errors.map(({ policyId }) => policyId).toSorted();
      return { allowed: decision === "allow" && errors.length === 0, policies: diagnostics.reason.toSorted(), errors };
    };
    fc.assert(
      fc.property(rights, question, (given, asked) => {
        expect(decide(given, asked)).toEqual(whole(given, asked));
      }),
      runs,
    );
  });

  test("the restriction of a list is what deciding each account alone gives", async () => {
    await fc.assert(
      fc.asyncProperty(rights, question, async (given, { who, action, situation }) => {
        const asked = { who, action, situation, organization: AN_ORGANIZATION };
        const part = await decideAccounts(given, asked, async () => ACCOUNTS);
        for (const account of ACCOUNTS) {
          const what = anAccount(AN_ORGANIZATION, account);
          const isSeen = part.isWhole || part.accounts.includes(`${account.provider}/${account.account}`);
          expect(isSeen).toBe(decide(given, { who, action, situation, what }).allowed);
        }
        if (part.isWhole) expect(decide(given, { who, action, situation, what: ORGANIZATION }).allowed).toBe(true);
      }),
      runs,
    );
  });
});
