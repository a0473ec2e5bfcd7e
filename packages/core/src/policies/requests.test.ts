import type { OperatorAction } from "@cadastre/contract/actions";
import type { HeldRole, Role } from "@cadastre/contract/principal";
import type { BindingType } from "@cadastre/contract/role";
import { create, put } from "@cadastre/store/table";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { AccountItem } from "../accounts/items.ts";
import { aContext, anActor } from "../audit/testing.ts";
import type { Actor, Context } from "../context.ts";
import { ResourceItem } from "../register/items.ts";
import { aResourceItem, arn, claimOf } from "../register/testing.ts";
import { readResource } from "../register/view.ts";
import { isVisible, requirePlace } from "../restriction.ts";
import { getCredential } from "../vault/credentials.ts";
import { CredentialItem } from "../vault/items.ts";
import { decideAccess, type Target } from "./authorize.ts";
import { decideAsked } from "./decide-asked.ts";
import type { Rights, Rule } from "./engine.ts";
import { createAccountsReader } from "./explain.ts";
import { createPolicyMemory, knownAt } from "./memory.ts";
import { requireThing } from "./questions.ts";
import { placedHolder, toLinks } from "./rights.ts";
import { situationOf } from "./situation.ts";
import { rulesOf } from "./testing.ts";

const ACCOUNTS = [
  { provider: "aws", account: "111122223333", environment: "prod" },
  { provider: "aws", account: "444455556666", environment: "test" },
  { provider: "gcp", account: "three", environment: "" },
] as const;
const id = (type: string, n: number) => `${type}_01JD000000000000000000000${n}`;
const CREDENTIALS = [0, 1, undefined].map((at, n) => ({
  id: id("crd", n),
  account: at === undefined ? undefined : ACCOUNTS[at],
}));
const VPCS = [arn("vpc/vpc-1"), arn("vpc/vpc-2", ACCOUNTS[1].account)];
/** Belongs to nobody: the first two accounts see it. */
const CERTIFICATE = `sha256:${"ab".repeat(32)}`;

let table: Context["table"];
let context: Context;
beforeAll(async () => {
  context = aContext();
  const said = { name: "", platform: "", tier: "", owner: "", regions: [], notes: "" };
  const made = { createdAt: "2026-01-01T00:00:00Z", createdBy: "user:u", updatedAt: "2026-01-01T00:00:00Z" };
  const { createdAt, createdBy } = made;
  const [one, other] = ACCOUNTS;
  await context.table.commit([
    ...ACCOUNTS.map((account) => create(AccountItem, { ...said, ...account, ...made })),
    ...CREDENTIALS.map(({ id: own, account }, n) => {
      const { provider, account: number } = account ?? {};
      const place = account === undefined ? {} : { provider, account: number };
      return create(CredentialItem, {
        id: own,
        name: `c${n}`,
        type: "generic",
        description: "",
        createdAt,
        createdBy,
        ...place,
      });
    }),
    ...[
      aResourceItem(VPCS[0] ?? "", {}, { tags: { team: "net" } }),
      aResourceItem(VPCS[1] ?? "", {}, { tags: { team: "web" } }),
      aResourceItem(
        CERTIFICATE,
        {},
        {
          kind: "certificate",
          provider: "aws",
          account: one.account,
          claims: [claimOf(one.account, "certificate"), claimOf(other.account, "certificate")],
        },
      ),
    ].map(({ version: _, ...item }) => put(ResourceItem, item)),
  ]);
  table = context.table;
});

interface Asking {
  readonly action: OperatorAction;
  readonly target: Target;
  /** As `explain` is asked. */
  readonly resource: string;
  /** The first step of the use case, which throws what the caller may not see. */
  readonly use: (context: Context) => unknown;
}

const nameOf = ({ provider, account }: { provider: string; account: string }) => `${provider}/${account}`;
const see = (place: Parameters<typeof isVisible>[1]) => (own: Context) => {
  if (!isVisible(own, place)) throw new Error("not found");
};
const organization = "organization/org_00000000000000000000000000";
const ASKED: readonly Asking[] = [
  ...CREDENTIALS.flatMap(({ id: own }) =>
    (["credentials:read", "credentials:write", "credentials:reveal"] as const).map((action) => ({
      action,
      target: { type: "credential" as const, id: own },
      resource: `credential/${own}`,
      use: (seen: Context) => getCredential(seen, own),
    })),
  ),
  ...[...ACCOUNTS, undefined].map((account) => ({
    action: "credentials:write" as const,
    target: { type: "credential" as const },
    resource: account === undefined ? organization : `account/${nameOf(account)}`,
    use: (seen: Context) => requirePlace(seen, account ?? {}),
  })),
  ...[...VPCS, CERTIFICATE].flatMap((own) => [
    {
      action: "resources:read" as const,
      target: { type: "resource" as const, id: own },
      resource: `resource/${own}`,
      use: (seen: Context) => readResource(seen, own),
    },
    {
      action: "resources:write" as const,
      target: { type: "resource" as const, id: own },
      resource: `resource/${own}`,
      async use(seen: Context) {
        const found = await readResource(seen, own);
        if (own !== CERTIFICATE) requirePlace(seen, found);
      },
    },
  ]),
  ...ACCOUNTS.flatMap((account) =>
    (["accounts:read", "accounts:write"] as const).map((action) => ({
      action,
      target: { type: "account" as const, id: nameOf(account) },
      resource: `account/${nameOf(account)}`,
      use: see(account),
    })),
  ),
  { action: "jobs:read", target: { type: "job" }, resource: organization, use: () => undefined },
];

const names = (...all: OperatorAction[]) => `action in [${all.map((one) => `Cadastre::Action::"${one}"`).join(", ")}]`;
const CREDENTIAL_ACTIONS = names("credentials:write", "credentials:reveal");
const HEADS = [
  "principal, action, resource",
  `principal, ${names("credentials:reveal", "resources:write", "accounts:read")}, resource`,
  "principal, action, resource is Cadastre::Account",
  `principal, action, resource in Cadastre::Account::"${nameOf(ACCOUNTS[1])}"`,
  `principal, ${CREDENTIAL_ACTIONS}, resource is Cadastre::Credential`,
  `principal, ${CREDENTIAL_ACTIONS}, resource == Cadastre::Credential::"${CREDENTIALS[0]?.id}"`,
  `principal, ${CREDENTIAL_ACTIONS}, resource == Cadastre::Credential::"${CREDENTIALS[2]?.id}"`,
  `principal, ${names("resources:write")}, resource == Cadastre::Resource::"${VPCS[0]}"`,
  `principal, ${names("resources:write")}, resource is Cadastre::Resource in Cadastre::Account::"${nameOf(ACCOUNTS[1])}"`,
  `principal, ${names("resources:write")}, resource == Cadastre::Resource::"${CERTIFICATE}"`,
];
const CONDITIONS: readonly (readonly [string, (head: string) => boolean])[] = [
  ["", () => true],
  ["when { context.strength > 1 }", () => true],
  ['when { resource has environment && resource.environment == "prod" }', () => true],
  ['when { resource.hasTag("team") && resource.getTag("team") == "net" }', (head) => head.includes("resources:write")],
  ['when { resource has name && resource.name == "c1" }', (head) => head.includes("credentials:")],
];

describe("whatever the bindings and policies are", () => {
  const parsed = (["permit", "forbid"] as const).flatMap((effect) =>
    HEADS.flatMap((head, h) =>
      CONDITIONS.flatMap(([condition, fits], c) =>
        fits(head) ? rulesOf(`pol_${effect}_${h}_${c}`, `${effect} (${head}) ${condition};`) : [],
      ),
    ),
  );
  const places: { type: BindingType; id: string }[] = [
    { type: "organization", id: "org_00000000000000000000000000" },
    ...ACCOUNTS.slice(0, 2).map((one) => ({ type: "account" as const, id: nameOf(one) })),
  ];
  const roles = fc
    .array(
      fc.record({
        role: fc.constantFrom<Role>("viewer", "editor", "admin", "vault-user"),
        resource: fc.constantFrom(...places),
      }),
      {
        maxLength: 3,
      },
    )
    .map((all) => all.map((one, at) => ({ ...one, id: `rbd_${at}` })));
  const rules = fc.uniqueArray(fc.constantFrom(...parsed), { maxLength: 3, selector: ({ id: own }) => own });
  let version = 0;

  /** Somebody with these roles, where these are the policies. */
  function acting(held: readonly HeldRole[], given: readonly Rule[]): { actor: Actor; own: Context; rights: Rights } {
    version += 1;
    const policies = createPolicyMemory();
    knownAt(policies, context.organization, version).rules = Promise.resolve(given);
    const principal = { ...anActor.principal, roles: held, policyVersion: version };
    const links = toLinks(placedHolder({ ...principal, type: "user" }).uid, held, context.now());
    return { actor: { ...anActor, principal }, own: { ...context, table, policies }, rights: { links, rules: given } };
  }

  async function isServed(own: Context, actor: Actor, { action, target, use }: Asking): Promise<boolean> {
    const decision = await decideAccess(own, actor, action, target);
    if (!decision.allowed) return false;
    const { restriction } = decision;
    try {
      await use(restriction === undefined ? own : { ...own, restriction });
      return true;
    } catch {
      return false;
    }
  }

  test("a request is served exactly when asking says that it is allowed", async () => {
    const things = await Promise.all(ASKED.map(({ resource }) => requireThing(context, resource)));
    await fc.assert(
      fc.asyncProperty(roles, rules, fc.nat(ASKED.length - 1), async (held, given, at) => {
        const { actor, own, rights } = acting(held, given);
        const [asking, thing] = [ASKED[at] as Asking, things[at] as Awaited<ReturnType<typeof requireThing>>];
        const question = {
          who: placedHolder({ ...actor.principal, type: "user" }),
          action: asking.action,
          organization: context.organization,
          situation: situationOf(context, actor),
        };
        const { allowed } = await decideAsked(rights, question, thing, createAccountsReader(own));
        expect({ ...asking, served: await isServed(own, actor, asking) }).toEqual({ ...asking, served: allowed });
      }),
      { numRuns: 500 },
    );
  });

  const MISSING: Record<string, string> = { credential: id("crd", 9), resource: arn("vpc/vpc-9") };
  const NAMED = ASKED.filter(
    ({ target, action }) => target.id !== undefined && target.type in MISSING && !action.endsWith(":read"),
  );

  test("what is not there, and what may not be known of, are decided alike", async () => {
    await fc.assert(
      fc.asyncProperty(
        roles,
        rules,
        fc.constantFrom(...NAMED),
        async (held, given, { action, target: { type, id: named } }) => {
          const { actor, own } = acting(held, given);
          const outcome = async (one: string) => {
            const decision = await decideAccess(own, actor, action, { type, id: one });
            if (!decision.allowed) return decision.reason;
            const seen = { ...own, restriction: decision.restriction };
            const read = type === "credential" ? getCredential : readResource;
            return read(seen, one).then(
              () => "shown",
              (error: Error) => error.message,
            );
          };
          const reading = ASKED.find(({ target, action: other }) => target.id === named && other.endsWith(":read"));
          const mayRead = await isServed(own, actor, reading as Asking);
          const found = await outcome(named ?? "");
          if (mayRead || found === "shown") return;
          expect(found).toBe(await outcome(MISSING[type] ?? ""));
        },
      ),
      { numRuns: 300 },
    );
  });
});
