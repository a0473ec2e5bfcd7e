import { describe, expect, it } from "vitest";
import { KIND_NAMES } from "./kinds/names.ts";
import { noneOf, oneMeant, oneNamed } from "./meant.ts";
import { PROVIDERS } from "./scope.ts";

describe("a name of a closed set", () => {
  it.each([
    ["instance", "instance"],
    ["VM", "instance"],
    ["vpc", "network"],
    ["elastic-ip", "address"],
    ["Elastic IP", "address"],
    ["vms", undefined],
    ["constructor", undefined],
  ])("%s is %s", (text, kind) => expect(oneNamed(text, KIND_NAMES)).toBe(kind));

  it.each([
    ["vms", "instance"],
    ["Instances", "instance"],
    ["sertificate", "certificate"],
    ["enis", "interface"],
    ["elasticips", "address"],
    ["bucket", undefined],
    ["", undefined],
  ])("%s stands for %s", (text, kind) => expect(oneMeant(text, KIND_NAMES)).toBe(kind));

  it("goes by the other names of this set alone", () => {
    expect(oneNamed("amazon", PROVIDERS)).toBe("aws");
    expect(oneNamed("vm", PROVIDERS)).toBeUndefined();
    expect(oneNamed("ip", ["ip", "name"])).toBe("ip");
  });

  it("is told what it may be, also where it is no text", () => {
    expect(noneOf("amazn", PROVIDERS)).toBe("one of aws, gcp, tls; did you mean aws?");
    expect(noneOf(7, PROVIDERS)).toBe("one of aws, gcp, tls");
  });
});
