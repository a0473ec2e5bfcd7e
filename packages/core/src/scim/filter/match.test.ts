import type { ProblemError } from "@cadastre/contract/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Values } from "../attribute.ts";
import { ENTERPRISE_SCHEMA, USERS } from "../schemas.ts";
import type { Filter } from "./filter.ts";
import { toMatcher } from "./match.ts";
import { parseFilter } from "./parse.ts";

const USER: Values = {
  id: "usr_1",
  externalId: "Ext-1",
  userName: "bJensen",
  name: { familyName: "O'Malley" },
  active: true,
  title: "Guide",
  meta: { lastModified: "2011-05-13T04:42:34.000Z", created: "2010-01-23T04:56:22Z" },
  emails: [
    { type: "work", value: "bjensen@Example.com", primary: true },
    { type: "home", value: "babs@jensen.org" },
  ],
  [ENTERPRISE_SCHEMA]: { department: "IT", manager: { value: "usr_9" } },
};

const matches = (text: string) => toMatcher(parseFilter(text), USERS)(USER);

describe("a filter matches", () => {
  test.each([
    'userName eq "BJENSEN"',
    'USERNAME Eq "bjensen"',
    'name.familyName co "o\'malley"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "bj"',
    "title pr",
    'meta.lastModified gt "2011-05-13T04:42:33Z"',
    'meta.lastModified ge "2011-05-13T06:42:34+02:00"',
    'meta.lastModified lt "2012-05-13T04:42:34Z"',
    'title pr and userName ew "SEN"',
    "nickName pr or active eq true",
    'active eq "True"',
    'title eq "guide" and (emails co "example.com" or emails.value co "example.org")',
    'userName ne "x" and not (emails co "nowhere.com")',
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
    "nickName eq null",
    'nickName ne "x"',
    "title ne null",
    'externalId eq "Ext-1"',
    `${ENTERPRISE_SCHEMA}:department eq "it"`,
    `${ENTERPRISE_SCHEMA} pr`,
    `${ENTERPRISE_SCHEMA}:manager eq "usr_9"`,
    'userName gt "a" and userName le "c"',
    "name pr",
  ])("with %s", (text) => {
    expect(matches(text)).toBe(true);
  });

  test.each([
    'externalId eq "ext-1"',
    'emails[type eq "work" and value co "jensen.org"]',
    "active eq false",
    "nickName pr",
    "not (title pr)",
    'nickName sw ""',
    'id eq "USR_1"',
  ])("not with %s", (text) => {
    expect(matches(text)).toBe(false);
  });

  test.each([
    'nothing eq "x"',
    'userName.first eq "x"',
    "active gt true",
    'active eq "yes"',
    "userName eq 5",
    "userName gt null",
    'name eq "x"',
    'meta.created gt "yesterday"',
    'meta.created co "2011"',
    'emails[nothing eq "x"]',
    'userName[type eq "x"]',
    'password eq "x"',
    "password pr",
    `${ENTERPRISE_SCHEMA} eq "x"`,
    'x509Certificates.value gt "a"',
    'urn:other:User:userName eq "x"',
  ])("nothing with %s: it is refused", (text) => {
    try {
      matches(text);
    } catch (error) {
      expect((error as ProblemError).code).toBe("scim.invalid_filter");
      return;
    }
    throw new Error("not refused");
  });

  test("what a plain evaluation says", () => {
    const title = fc.constantFrom("a", "B", "ab", "");
    const aUser = fc.record(
      {
        title,
        active: fc.boolean(),
        emails: fc.array(fc.record({ value: title, type: fc.constantFrom("work", "home") }), {
          minLength: 1,
          maxLength: 3,
        }),
      },
      { requiredKeys: [] },
    );
    const leaf: fc.Arbitrary<readonly [string, (user: Values) => boolean]> = fc.oneof(
      fc.tuple(fc.constantFrom("eq", "ne", "co", "sw", "ew", "gt", "le"), title).map(([op, value]) => {
        const wanted = value.toLowerCase();
        return [
          `title ${op} "${value}"`,
          (user: Values) => {
            if (user.title === undefined) return op === "ne";
            const text = (user.title as string).toLowerCase();
            if (op === "eq") return text === wanted;
            if (op === "ne") return text !== wanted;
            if (op === "co") return text.includes(wanted);
            if (op === "sw") return text.startsWith(wanted);
            if (op === "ew") return text.endsWith(wanted);
            return op === "gt" ? text > wanted : text <= wanted;
          },
        ] as const;
      }),
      fc.constant(["active eq true", (user: Values) => user.active === true] as const),
      fc.constant(["emails pr", (user: Values) => user.emails !== undefined] as const),
      title.map(
        (value) =>
          [
            `emails[type eq "work" and value eq "${value}"]`,
            (user: Values) =>
              ((user.emails ?? []) as readonly Values[]).some(
                (email) => email.type === "work" && (email.value as string).toLowerCase() === value.toLowerCase(),
              ),
          ] as const,
      ),
    );
    const { filter } = fc.letrec<{ filter: readonly [string, (user: Values) => boolean] }>((tie) => ({
      filter: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc
          .tuple(tie("filter"), tie("filter"))
          .map(([a, b]) => [`(${a[0]}) and (${b[0]})`, (user: Values) => a[1](user) && b[1](user)] as const),
        fc
          .tuple(tie("filter"), tie("filter"))
          .map(([a, b]) => [`(${a[0]}) or (${b[0]})`, (user: Values) => a[1](user) || b[1](user)] as const),
        tie("filter").map((a) => [`not (${a[0]})`, (user: Values) => !a[1](user)] as const),
      ),
    }));
    fc.assert(
      fc.property(aUser, filter, (user, [text, plain]) => {
        const parsed: Filter = parseFilter(text);
        expect(toMatcher(parsed, USERS)(user)).toBe(plain(user as Values));
      }),
    );
  });
});
