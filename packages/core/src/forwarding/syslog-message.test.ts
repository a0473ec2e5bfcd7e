import type { AuditRecord } from "@cadastre/contract/audit/record";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toSyslogFrame, toTestFrame } from "./syslog-message.ts";

/** RFC 5424 §6, read by its grammar alone: header, structured data, message. */
const MESSAGE =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) - ([!-~]{1,48}) - ([!-~]{1,32}) (-|\[[!-<>-\\^-~]{1,32}(?: [!-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\]) \uFEFF(.*)$/s;
const PARAMETER = / ([!-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"/gs;

function parse(frame: Buffer) {
  const blank = frame.indexOf(" ");
  const length = frame.subarray(0, blank).toString();
  expect(length).toMatch(/^[1-9]\d*$/);
  const bytes = frame.subarray(blank + 1);
  expect(bytes.length).toBe(Number(length));
  const [, priority, at, app, name, data = "", text = ""] = MESSAGE.exec(bytes.toString()) ?? [];
  const values = Object.fromEntries(
    [...data.matchAll(PARAMETER)].map(([, key, value = ""]) => [key, value.replace(/\\(["\\\]])/g, "$1")]),
  );
  return { priority: Number(priority), at, app, name, values, text };
}

const text = fc.string({ unit: "binary", maxLength: 40 }).map((one) => one.toWellFormed());
const record: fc.Arbitrary<AuditRecord> = fc.record({
  id: fc.constant("aud_01JD0000000000000000000000"),
  at: fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true }).map((date) => date.toISOString()),
  organization: text,
  actor: fc.record({ type: text, id: text, name: text }),
  requestId: text,
  action: fc.oneof(text, fc.constant("service-account.create")),
  resource: fc.record({ type: text, id: text }),
  outcome: fc.constantFrom("done", "denied", "failed"),
  flags: fc.constant([]),
  changes: fc.constant([]),
  detail: fc.record({ said: text }),
});

test("a record of any texts is one frame of its length in octets, by RFC 5424, and is read again as it was", () => {
  fc.assert(
    fc.property(record, (given) => {
      const read = parse(toSyslogFrame(given));
      expect(read.priority).toBe(given.outcome === "done" ? 109 : 108);
      expect(read).toMatchObject({ at: given.at, app: "cadastre" });
      expect(read.values).toMatchObject({
        organization: given.organization,
        actorId: given.actor.id,
        entityId: given.resource.id,
        action: given.action,
        outcome: given.outcome,
      });
      expect(JSON.parse(read.text)).toEqual(given);
    }),
    { numRuns: 300 },
  );
});

test("half a character is no reason for a frame of the wrong length", () => {
  const [given] = fc.sample(record, 1) as [AuditRecord];
  const { text: said, values } = parse(toSyslogFrame({ ...given, requestId: "\ud800", detail: { said: "\udfff" } }));
  expect(values.requestId).toBe("\ufffd");
  expect(JSON.parse(said)).toMatchObject({ detail: { said: "\udfff" } });
});

test("a test is a frame of its own", () => {
  expect(parse(toTestFrame(new Date("2026-12-01T00:00:00.000Z")))).toMatchObject({
    name: "audit.test",
    at: "2026-12-01T00:00:00.000Z",
    text: "a test of forwarding",
  });
});
