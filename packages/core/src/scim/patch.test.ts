import { ProblemError } from "@cadastre/contract/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Values } from "./attribute.ts";
import { applyPatch, PATCH_SCHEMA, readOperations } from "./patch.ts";
import { readResource } from "./read-resource.ts";
import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, GROUPS, USER_SCHEMA, USERS } from "./schemas.ts";

const aUser = (more: object = {}): Values =>
  readResource(USERS, { schemas: [USER_SCHEMA, ENTERPRISE_SCHEMA], userName: "bjensen", ...more });

const patched = (user: Values, ...operations: unknown[]): Values =>
  applyPatch(USERS, user, readOperations({ schemas: [PATCH_SCHEMA], Operations: operations }));

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
  return "none";
}

const WORK = { value: "b@example.com", type: "work", primary: true };
const HOME = { value: "b@home.example", type: "home" };

describe("add", () => {
  test("of a new primary value takes that from the one before", () => {
    const { emails } = patched(aUser({ emails: [WORK] }), {
      op: "add",
      path: "emails",
      value: { ...HOME, primary: true },
    });
    expect(emails).toEqual([
      { ...WORK, primary: false },
      { ...HOME, primary: true },
    ]);
  });

  test("of what is there changes nothing", () => {
    const user = aUser({ emails: [WORK] });
    expect(patched(user, { op: "add", path: "emails", value: [WORK] })).toEqual(user);
  });

  test("of a part of a typed value that is absent makes the value", () => {
    const user = patched(aUser(), { op: "Add", path: 'emails[type eq "work"].value', value: "x@example.com" });
    expect(user.emails).toEqual([{ type: "work", value: "x@example.com" }]);
  });

  test("to a complex attribute leaves the parts that are not given", () => {
    const user = patched(aUser({ name: { givenName: "Barbara" } }), {
      op: "add",
      path: "name",
      value: { familyName: "Jensen" },
    });
    expect(user.name).toEqual({ givenName: "Barbara", familyName: "Jensen" });
  });

  test("takes a text for a manager, as Entra ID sends it", () => {
    const user = patched(aUser(), { op: "Add", path: `${ENTERPRISE_SCHEMA}:manager`, value: "usr_1" });
    expect(user[ENTERPRISE_SCHEMA]).toEqual({ manager: { value: "usr_1" } });
  });
});

describe("replace", () => {
  test("without a path takes dotted names, URNs and paths with filters", () => {
    const user = patched(aUser({ emails: [WORK] }), {
      op: "Replace",
      value: {
        active: "False",
        "name.givenName": "Babs",
        [`${ENTERPRISE_SCHEMA}:department`]: "IT",
        'emails[type eq "work"].value': "new@example.com",
        DISPLAYNAME: "Babs",
      },
    });
    expect(user).toEqual({
      userName: "bjensen",
      active: false,
      name: { givenName: "Babs" },
      displayName: "Babs",
      emails: [{ ...WORK, value: "new@example.com" }],
      [ENTERPRISE_SCHEMA]: { department: "IT" },
    });
  });

  test("of a whole extension changes the attributes that are given", () => {
    const before = aUser({ [ENTERPRISE_SCHEMA]: { department: "IT", division: "A" } });
    for (const operation of [
      { op: "replace", path: ENTERPRISE_SCHEMA, value: { division: "B" } },
      { op: "replace", value: { [ENTERPRISE_SCHEMA]: { division: "B" } } },
    ]) {
      expect(patched(before, operation)[ENTERPRISE_SCHEMA]).toEqual({ department: "IT", division: "B" });
    }
  });

  test("of values that match replaces them wholly", () => {
    const user = patched(aUser({ emails: [WORK, HOME] }), {
      op: "replace",
      path: 'emails[type eq "work"]',
      value: { value: "w@example.com" },
    });
    expect(user.emails).toEqual([{ value: "w@example.com" }, HOME]);
  });

  test("of values that do not exist has no target", () => {
    const replace = { op: "replace", path: 'emails[type eq "work"].value', value: "x" };
    expect(codeOf(() => patched(aUser(), replace))).toBe("scim.no_target");
  });

  test("with nothing removes, but for what is required", () => {
    expect(patched(aUser({ title: "Dr" }), { op: "replace", path: "title", value: null })).toEqual(aUser());
    expect(codeOf(() => patched(aUser(), { op: "replace", path: "userName", value: null }))).toBe("scim.mutability");
    expect(codeOf(() => patched(aUser(), { op: "replace", path: "userName", value: " " }))).toBe("scim.invalid_value");
  });
});

describe("remove", () => {
  test("takes values by filter, and a part of them", () => {
    const user = aUser({ emails: [WORK, HOME] });
    expect(patched(user, { op: "remove", path: 'emails[type eq "WORK" and value ew "example.com"]' }).emails).toEqual([
      HOME,
    ]);
    expect(patched(user, { op: "remove", path: 'emails[type eq "home"].type' }).emails).toEqual([
      WORK,
      { value: HOME.value },
    ]);
    expect(patched(user, { op: "remove", path: "emails" }).emails).toBeUndefined();
  });

  test("takes members by a list of values and by a filter, and twice", () => {
    const group: Values = { displayName: "g", members: [{ value: "a" }, { value: "b" }, { value: "c" }] };
    const operations = [
      { op: "Remove", path: "members", value: [{ value: "a" }, { value: "z" }] },
      { op: "remove", path: 'members[value eq "b"]' },
      { op: "remove", path: 'members[value eq "b"]' },
    ];
    const after = applyPatch(GROUPS, group, readOperations({ schemas: [PATCH_SCHEMA], Operations: operations }));
    expect(after.members).toEqual([{ value: "c" }]);
  });

  test("without a path has no target, and of what is required is refused", () => {
    expect(codeOf(() => patched(aUser(), { op: "remove" }))).toBe("scim.no_target");
    expect(codeOf(() => patched(aUser(), { op: "remove", path: "userName" }))).toBe("scim.mutability");
    expect(codeOf(() => patched(aUser(), { op: "remove", path: 'emails[type eq "work"]' }))).toBe("scim.no_target");
  });
});

describe("a PATCH", () => {
  test("of which one operation is refused changes nothing of what it was given", () => {
    const user = aUser({ name: { givenName: "B" } });
    const before = structuredClone(user);
    const operations = [
      { op: "replace", path: "name.givenName", value: "x" },
      { op: "replace", path: "id", value: "x" },
    ];
    expect(codeOf(() => patched(user, ...operations))).toBe("scim.mutability");
    expect(user).toEqual(before);
  });

  test("leaves out what is only read among the names of a value, as Okta sends it", () => {
    const body = { schemas: [PATCH_SCHEMA], Operations: [{ op: "replace", value: { id: "grp_1", displayName: "n" } }] };
    expect(applyPatch(GROUPS, { displayName: "g" }, readOperations(body))).toEqual({ displayName: "n" });
  });

  test("cannot change who a member is", () => {
    const group: Values = { displayName: "g", members: [{ value: "a" }] };
    const body = {
      schemas: [PATCH_SCHEMA],
      Operations: [{ op: "replace", path: 'members[value eq "a"].value', value: "b" }],
    };
    expect(codeOf(() => applyPatch(GROUPS, group, readOperations(body)))).toBe("scim.mutability");
  });

  test.each([
    ["no list", { schemas: [PATCH_SCHEMA], Operations: {} }],
    ["nothing to do", { schemas: [PATCH_SCHEMA], Operations: [] }],
    ["no schema", { Operations: [{ op: "add", value: {} }] }],
    ["another operation", { schemas: [PATCH_SCHEMA], Operations: [{ op: "move", path: "title", value: "x" }] }],
    ["too many operations", { schemas: [PATCH_SCHEMA], Operations: Array(1001).fill({ op: "remove", path: "title" }) }],
    ["a name twice", { schemas: [PATCH_SCHEMA], Operations: [{ op: "add", OP: "add", value: {} }] }],
  ])("with %s is no PATCH", (_, body) => {
    expect(codeOf(() => readOperations(body))).toBe("scim.invalid_syntax");
  });

  test("of anything at all is done or refused with a code of SCIM", () => {
    const path = fc.constantFrom(
      "userName",
      "name",
      "name.givenName",
      "emails",
      "emails.value",
      'emails[type eq "work"]',
      'emails[type eq "x" and primary eq true].value',
      "emails[not (type pr)].type",
      "active",
      "members",
      "groups",
      "id",
      "__proto__",
      "constructor.prototype",
      `${ENTERPRISE_SCHEMA}:manager.value`,
      ENTERPRISE_SCHEMA,
      "x509Certificates.value",
    );
    const operation = fc.record(
      {
        op: fc.oneof(fc.constantFrom("add", "Replace", "REMOVE"), fc.jsonValue()),
        path: fc.oneof(path, fc.jsonValue()),
        value: fc.oneof(
          fc.jsonValue(),
          fc.dictionary(path, fc.jsonValue()),
          fc.array(fc.record({ value: fc.jsonValue(), type: fc.constant("work") })),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(operation), fc.jsonValue()), (operations) => {
        const code = codeOf(() =>
          patched(aUser({ emails: [WORK, HOME] }), ...(Array.isArray(operations) ? operations : [operations])),
        );
        expect(code).toMatch(/^(none$|scim\.)/);
        expect(Object.hasOwn(Object.prototype, "givenName")).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a resource", () => {
  test("is kept by the names of its schema, without what no schema has and what is only read", () => {
    const text = `{"schemas":["${USER_SCHEMA.toUpperCase()}"],"USERNAME":"b","id":"x","groups":[{"value":"g"}],"nonsense":1,
      "__proto__":{"title":"x"},"emails":[{"Value":"a@b.c","Primary":"TRUE"}],"urn:other":{"a":1}}`;
    expect(readResource(USERS, JSON.parse(text))).toEqual({
      userName: "b",
      emails: [{ value: "a@b.c", primary: true }],
    });
  });

  test.each([
    ["scim.invalid_syntax", []],
    ["scim.invalid_syntax", { userName: "b" }],
    ["scim.invalid_syntax", { schemas: [GROUP_SCHEMA], userName: "b" }],
    ["scim.invalid_syntax", { schemas: [USER_SCHEMA], userName: "b", username: "c" }],
    ["scim.invalid_value", { schemas: [USER_SCHEMA] }],
    ["scim.invalid_value", { schemas: [USER_SCHEMA], userName: 5 }],
    ["scim.invalid_value", { schemas: [USER_SCHEMA], userName: "b", active: "yes" }],
    ["scim.invalid_value", { schemas: [USER_SCHEMA], userName: "b", emails: [1] }],
    ["scim.invalid_value", { schemas: [USER_SCHEMA], userName: "b", name: "Bob" }],
    ["scim.invalid_value", { schemas: [USER_SCHEMA], userName: "b", x509Certificates: [{ value: "?" }] }],
    ["scim.invalid_value", { schemas: [USER_SCHEMA], userName: "b", emails: [WORK, { ...HOME, primary: true }] }],
  ])("is refused with %s: %j", (code, body) => {
    expect(codeOf(() => readResource(USERS, body))).toBe(code);
  });
});
