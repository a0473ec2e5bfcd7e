import { expect, test } from "vitest";
import { createLog } from "./log.ts";

test("a log line is one line of JSON, with its time, and errors with their causes", () => {
  const lines: string[] = [];
  const log = createLog({ now: () => new Date("2026-03-01T00:00:00.000Z"), write: (line) => lines.push(line) });
  const error = new Error("outer\nsecond line", { cause: new TypeError("inner") });
  log({ level: "error", message: "it failed", error, count: 12n });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain("\n");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    time: "2026-03-01T00:00:00.000Z",
    level: "error",
    message: "it failed",
    count: "12",
    error: { name: "Error", message: "outer\nsecond line", cause: { name: "TypeError", message: "inner" } },
  });
});
