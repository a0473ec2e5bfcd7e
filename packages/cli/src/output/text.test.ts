import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { neutralise, shorten, toAge, toJson, toTime } from "./text.ts";

describe("neutralise", () => {
  test("shows escape sequences, line breaks, C1 controls and what reorders text as escapes", () => {
    expect(neutralise("a\u001b[31mb\n\u009b2J\u202e\u200bc")).toBe("a\\u001b[31mb\\u000a\\u009b2J\\u202e\\u200bc");
  });

  test("leaves letters of every script as they are", () => {
    expect(neutralise("Zürich 네트워크 👩‍👩‍👧 ñ")).toBe("Zürich 네트워크 👩‍👩‍👧 ñ");
  });

  test("lets no control character through, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(neutralise(text)),
      ),
    );
  });
});

test("JSON says the same and holds no control character but its own line breaks", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const document = [value, text, { [text]: text }];
      const json = toJson(document);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(document)));
      expect(/\p{Cc}/u.test(json.replaceAll("\n", ""))).toBe(false);
    }),
  );
});

test("a long id is cut in the middle, so that its end can still be read", () => {
  const short = shorten("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0abc", 20);
  expect([...short]).toHaveLength(20);
  expect(short.startsWith("arn:")).toBe(true);
  expect(short.endsWith("vpc-0abc")).toBe(true);
  expect(shorten("short", 20)).toBe("short");
});

test("times and ages are short and absent ones empty", () => {
  expect(toTime("2026-03-01T10:20:30.123Z")).toBe("2026-03-01 10:20:30Z");
  expect([undefined, 0, 59, 60, 7200, 200_000].map(toAge)).toEqual(["", "0s", "59s", "1m", "2h", "2d"]);
});
