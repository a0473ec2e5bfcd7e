import { describe, expect, it } from "vitest";
import { aContext, anAdmin, auditRecords } from "../audit/testing.ts";
import { inOrganization } from "../context.ts";
import { createOrganization, patchOrganization } from "../directory/organizations.ts";
import { patchUser } from "../directory/users.ts";
import { aVault } from "../vault/testing.ts";
import { authenticateSession } from "./authenticate-session.ts";
import { confirmTotp, createRecoveryCodes, createTotp } from "./enrol.ts";
import { PasswordItem } from "./items.ts";
import { createLogIn } from "./log-in.ts";
import type { LoginCall } from "./logged-in.ts";
import { createLoginKey } from "./login-key.ts";
import { createPasswordCheck } from "./password-check.ts";
import { requireMayEnrol } from "./step-up.ts";
import { aPerson, cheapPasswords, codeAt, PASSWORD } from "./testing.ts";
import { unlockUser } from "./unlock.ts";

const CALL: LoginCall = { requestId: "req_1", address: "192.0.2.1", userAgent: "a browser" };

/** A context with what logs people in. */
function aLogin(passwords = cheapPasswords()) {
  const context = aContext();
  const loginKey = createLoginKey(context);
  const vault = aVault();
  const ports = { opener: vault, passwords, loginKey };
  const logIn = createLogIn();
  const attempt = (
    request: { userName?: string; password?: string; code?: string; organization?: string } = {},
    call = CALL,
  ) => logIn(context, ports, { userName: "anna", password: PASSWORD, ...request }, call);
  /** The code of the refusal; "" when it was let in. */
  const refusal = (request: Parameters<typeof attempt>[0] = {}) =>
    attempt(request).then(
      () => "",
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    );
  return { context, ports, vault, loginKey, attempt, refusal };
}

type ALogin = ReturnType<typeof aLogin>;

/** Enrols an app for the user of a session, and answers its secret. */
async function anApp({ context, vault, loginKey }: ALogin, text: string): Promise<{ secret: string; text: string }> {
  const { principal, session } = await authenticateSession(context, text, undefined);
  const actor = { principal, requestId: "req_2" };
  const by = { actor, session, guard: () => requireMayEnrol(context, actor) };
  const { id, secret } = await createTotp(context, vault, by, { name: "phone" });
  const given = await confirmTotp(context, { opener: vault, loginKey }, by, {
    id,
    code: codeAt(secret, context.now()),
  });
  return { secret, text: given.text };
}

describe("a login", () => {
  it("by name and password makes a session of the user, with one record", async () => {
    const login = aLogin();
    const { id } = await aPerson(login.context);
    const { text, csrf, item } = await login.attempt({ userName: " ANNA " });
    expect(item).toMatchObject({
      user: id,
      strength: 1,
      isPending: false,
      address: "192.0.2.1",
      methods: ["password"],
    });
    expect(csrf).toMatch(/^[\w-]{43}$/);
    const { principal } = await authenticateSession(login.context, text, undefined);
    expect(principal).toMatchObject({ type: "user", id, name: "anna", session: { strength: 1 } });
    const record = (await auditRecords(login.context)).at(-1);
    expect(record).toMatchObject({ action: "session.create", outcome: "done", target: item.id, actor: `user:${id}` });
    expect(JSON.stringify(await auditRecords(login.context))).not.toContain(PASSWORD);
  });

  it.each([
    ["a wrong password", { password: `${PASSWORD}.` }],
    ["no such user", { userName: "nobody" }],
    ["no such organization", { organization: "nowhere" }],
    ["a password in the place of the name", { userName: PASSWORD, password: "anna" }],
  ])("with %s is one and the same answer, recorded without what was typed", async (_, request) => {
    const login = aLogin();
    await aPerson(login.context);
    const said = await login.refusal(request);
    expect(said).toBe(await login.refusal({ userName: "somebody else" }));
    expect(said).toMatch(/^auth\.invalid /);
    const failed = (await auditRecords(login.context)).filter(({ outcome }) => outcome === "failed");
    expect(failed).toHaveLength(2);
    for (const { target, actor } of failed) {
      expect(target).toMatch(/^name:[0-9a-f]{24}$/);
      expect(actor).toBe("unknown");
    }
    expect(JSON.stringify(failed)).not.toMatch(/anna|correct horse|nobody/);
  });

  it("of a user who was disabled is the same answer, and so is one whose password SCIM has set", async () => {
    const login = aLogin();
    const { id } = await aPerson(login.context);
    await aPerson(login.context, { userName: "scim", source: "scim" });
    await patchUser(login.context, anAdmin, id, { disabled: true }, {});
    const said = await login.refusal({ userName: "nobody" });
    expect([await login.refusal(), await login.refusal({ userName: "scim" })]).toEqual([said, said]);
    await patchOrganization(login.context, anAdmin, login.context.organization, { scimPasswords: true }, {});
    expect(await login.refusal({ userName: "scim" })).toBe("");
  });

  it("is tried ten times, of 64 at once, whether there is such a user or not, and what is locked looks the same", async () => {
    const login = aLogin();
    await aPerson(login.context);
    for (const userName of ["anna", "nobody"]) {
      const all = await Promise.all(
        Array.from({ length: 64 }, () => login.refusal({ userName, password: "wrong horse battery" })),
      );
      expect(new Set(all).size).toBe(1);
      expect(await login.refusal({ userName })).toBe(all[0]);
    }
    const failed = (await auditRecords(login.context)).filter(({ outcome }) => outcome === "failed");
    expect(failed).toHaveLength(20);
    expect(failed.filter(({ detail }) => detail.locks === true)).toHaveLength(2);
    login.context.advance(301);
    expect(await login.refusal()).toBe("");
  });

  it("by the right password 64 times at once succeeds each time", async () => {
    const login = aLogin();
    await aPerson(login.context);
    const all = await Promise.all(Array.from({ length: 64 }, () => login.refusal()));
    expect(new Set(all)).toEqual(new Set([""]));
  });

  it("begins anew after a success: what failed before does not count", async () => {
    const login = aLogin();
    await aPerson(login.context);
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 9; n++) await login.refusal({ password: "wrong horse battery" });
      expect(await login.refusal()).toBe("");
    }
  });

  it("is open again once an admin has unlocked the user, and in no other organization", async () => {
    const login = aLogin();
    const { id } = await aPerson(login.context);
    const other = await createOrganization(login.context, anAdmin, { name: "Other", slug: "other", owner: "" });
    const there = inOrganization(login.context, other.id);
    await aPerson(there, { password: "another horse battery" });
    const lock = (organization: string) =>
      Promise.all(Array.from({ length: 10 }, () => login.refusal({ organization, password: "wrong horse battery" })));
    await lock("default");
    await lock("other");
    await unlockUser(login.context, login.loginKey, anAdmin, id);
    expect(await login.refusal()).toBe("");
    expect(await login.refusal({ organization: "other", password: "another horse battery" })).not.toBe("");
  });

  it("without an organization is that of the oldest of the name, and with one that of whose it is", async () => {
    const login = aLogin();
    const { id: first } = await aPerson(login.context);
    const other = await createOrganization(login.context, anAdmin, { name: "Other", slug: "other", owner: "" });
    const second = await aPerson(inOrganization(login.context, other.id));
    expect((await login.attempt()).item.user).toBe(first);
    expect((await login.attempt({ organization: "other" })).item).toMatchObject({
      user: second.id,
      organization: other.id,
    });
    expect((await login.attempt({ organization: other.id })).item.user).toBe(second.id);
  });

  it("makes the same reads and writes whether there is such a user or not, and locked or not", async () => {
    const login = aLogin();
    await aPerson(login.context);
    const cost = async (userName: string) => {
      const { units } = await login.context.table.meter.measure(() =>
        login.refusal({ userName, password: "wrong horse battery" }),
      );
      return units;
    };
    await cost("anybody");
    expect(await cost("anna")).toEqual(await cost("nobody"));
    for (let n = 0; n < 12; n++)
      for (const userName of ["anna", "nobody"]) await login.refusal({ userName, password: "wrong horse battery" });
    expect(await cost("anna")).toEqual(await cost("nobody"));
  });

  it("hashes the password anew when that was done at another cost", async () => {
    const login = aLogin(createPasswordCheck({ cost: { n: 2 ** 5, r: 1, p: 1 } }));
    const { id } = await aPerson(login.context);
    const stored = () => login.context.table.get(PasswordItem, { user: id });
    expect(await stored()).toMatchObject({ n: 16 });
    expect(await login.refusal({ password: "wrong horse battery" })).not.toBe("");
    expect(await stored()).toMatchObject({ n: 16 });
    expect(await login.refusal()).toBe("");
    expect(await stored()).toMatchObject({ n: 32 });
    expect(await login.refusal()).toBe("");
  });

  it("from where the organization's lists let nobody in is told so only to who has the password", async () => {
    const login = aLogin();
    await aPerson(login.context);
    await patchOrganization(
      login.context,
      anAdmin,
      login.context.organization,
      { addresses: { allow: ["10.0.0.0/8"] } },
      {},
    );
    expect(await login.refusal()).toMatch(/^auth\.address/);
    expect(await login.refusal({ password: "wrong horse battery" })).toMatch(/^auth\.invalid/);
    const { text } = await login.attempt({}, { ...CALL, address: "::ffff:10.1.2.3" });
    await expect(authenticateSession(login.context, text, "192.0.2.1")).rejects.toMatchObject({ code: "auth.address" });
    await authenticateSession(login.context, text, "10.200.0.1");
  });
});

describe("a login of who has a second factor", () => {
  it("is one with its code, and without it a session that may do nothing yet", async () => {
    const login = aLogin();
    await aPerson(login.context);
    const { secret } = await anApp(login, (await login.attempt()).text);
    const without = await login.attempt();
    expect([without.item.isPending, without.due]).toEqual([true, ["code"]]);
    login.context.advance(30);
    const code = codeAt(secret, login.context.now());
    const { item, due } = await login.attempt({ code });
    expect([item.isPending, item.strength, due]).toEqual([false, 2, undefined]);
    // No step twice.
    expect(await login.refusal({ code })).toMatch(/^auth\.invalid/);
  });

  it("takes ten codes, of whatever logins, and then none, the right one neither", async () => {
    const login = aLogin();
    await aPerson(login.context);
    const { secret } = await anApp(login, (await login.attempt()).text);
    for (let n = 0; n < 9; n++) {
      expect(await login.refusal({ code: "000000" })).toMatch(/^auth\.invalid/);
      // The right password alone begins a login anew, and no more than that.
      await login.attempt();
    }
    login.context.advance(30);
    await login.refusal({ code: "000000" });
    expect(await login.refusal({ code: codeAt(secret, login.context.now()) })).toMatch(/^auth\.invalid/);
    login.context.advance(1830);
    expect(await login.refusal({ code: codeAt(secret, login.context.now()) })).toBe("");
  });

  it("takes a recovery code once", async () => {
    const login = aLogin();
    await aPerson(login.context);
    const app = await anApp(login, (await login.attempt()).text);
    const { principal, session } = await authenticateSession(login.context, app.text, undefined);
    const actor = { principal, requestId: "req_3" };
    const guard = () => requireMayEnrol(login.context, actor);
    const { codes } = await createRecoveryCodes(login.context, { actor, session, guard });
    expect((await login.attempt({ code: codes[0] as string })).item.methods).toEqual(["password", "recovery-code"]);
    expect(await login.refusal({ code: codes[0] as string })).toMatch(/^auth\.invalid/);
    expect(await login.refusal({ code: codes[1] as string })).toBe("");
  });

  it("is due of everybody where the organization asks for one", async () => {
    const login = aLogin();
    await aPerson(login.context);
    await patchOrganization(login.context, anAdmin, login.context.organization, { secondFactor: "required" }, {});
    const { item, due, text } = await login.attempt();
    expect([item.isPending, due]).toEqual([true, []]);
    const app = await anApp(login, text);
    expect((await authenticateSession(login.context, app.text, undefined)).principal.session).toMatchObject({
      strength: 2,
      isPending: false,
    });
  });
});
