import { aResource } from "@cadastre/client/testing/builders";
import type { Resource } from "@cadastre/contract/view";
import { describe, expect, it } from "vitest";
import { statusOf } from "./resource-status.ts";

const shown = (more: Partial<Resource>) => statusOf({ ...(aResource as unknown as Resource), ...more });

describe("how a resource stands", () => {
  it("is said where it is gone, and where its owner's account does not say so, with who does", () => {
    expect(shown({})).toBe("");
    expect(shown({ status: "retired" })).toBe("retired");
    expect(shown({ confirmed: false, reportedBy: ["aws/1", "aws/2"] })).toBe("unconfirmed (reported by aws/1, aws/2)");
    expect(shown({ confirmed: false, reportedBy: [] })).toBe("unconfirmed (reported by nobody now)");
    expect(shown({ status: "retired", confirmed: false, reportedBy: [] })).toBe(
      "retired, unconfirmed (reported by nobody now)",
    );
  });
});
