import type { ScopeKey } from "@cadastre/contract/scope";
import { describe, expect, it } from "vitest";
import { type Reporter, requireBoundScopes } from "./sources.ts";

const reporter: Reporter = { id: "col_1", name: "c", providers: ["aws"], accounts: ["1", "2"] };
const scope = (provider: ScopeKey["provider"], account: string): ScopeKey => ({
  provider,
  account,
  region: "r",
  kind: "network",
});

describe("a collector's binding", () => {
  it("lets its own accounts of its own providers through, and names every other one", async () => {
    await requireBoundScopes(reporter, [scope("aws", "1"), scope("aws", "2")]);
    await expect(
      requireBoundScopes(reporter, [scope("aws", "1"), scope("aws", "3"), scope("gcp", "1")]),
    ).rejects.toMatchObject({
      code: "collector.foreign_account",
      message: "aws account 3 is not one of the collector's",
      errors: [
        { path: "scopes[1].account", message: "aws account 3 is not one of the collector's" },
        { path: "scopes[2].account", message: "gcp account 1 is not one of the collector's" },
      ],
    });
  });

  it("to * is to every account, of its providers alone", async () => {
    const all = { ...reporter, providers: ["gcp" as const], accounts: ["*"] };
    await requireBoundScopes(all, [scope("gcp", "any-project")]);
    await expect(requireBoundScopes(all, [scope("aws", "1")])).rejects.toMatchObject({
      code: "collector.foreign_account",
    });
  });

  it("names 50 foreign accounts at the most", async () => {
    const many = Array.from({ length: 60 }, () => scope("aws", "3"));
    const refused = requireBoundScopes(reporter, many).catch((error: unknown) => error as { errors: unknown[] });
    expect((await refused)?.errors).toHaveLength(50);
  });
});
