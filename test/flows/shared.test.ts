import { getResource } from "@cadastre/core/register/resources";
import { findResources } from "@cadastre/core/register/search";
import { parseSearch } from "@cadastre/core/subjects/parse-search";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { aRun, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { found, historyTypes } from "../support/register.ts";

function aCertificate(digit: string): Raw {
  const fingerprint = digit.repeat(64);
  const attributes = {
    fingerprint,
    serialNumber: "01",
    subject: "CN=*.example.org",
    issuer: "CN=Example CA",
    notBefore: "2026-01-01T00:00:00Z",
    notAfter: "2027-01-01T00:00:00Z",
    keyAlgorithm: "rsa",
    signatureAlgorithm: "sha256WithRSAEncryption",
  };
  return { id: `sha256:${fingerprint}`, name: "*.example.org", tags: {}, attributes };
}

const served = (account: string, ...resources: Raw[]): SeenScope => ({
  key: { provider: "tls", account, region: "global", kind: "certificate" },
  resources,
});

describe("a certificate that is served in two places", () => {
  const [shared, other] = [aCertificate("a"), aCertificate("b")];

  it.each([
    ["of two accounts", "staging", REPORTER],
    ["that two collectors look at", "prod", { ...REPORTER, name: "second" }],
  ])("%s is retired when the last of them no longer serves it, whoever saw it first", async (_, account, reporter) => {
    const { context } = await createTestContext();
    await aRun([served("prod", shared, other)]).deliver(context);
    await aRun([served(account, shared, other)], { reporter }).deliver(context);
    await aRun([served("prod", other)]).deliver(context);
    expect((await getResource(context, shared.id)).status).toBe("active");
    expect(await found(context, "kind:certificate")).toHaveLength(2);
    await aRun([served(account, other)], { reporter }).deliver(context);
    expect((await getResource(context, shared.id)).status).toBe("retired");
    expect(await historyTypes(context, shared.id)).toEqual(["created", "retired"]);
  });

  it("is found once by who may see both places, and by who may see either, however small the pages are", async () => {
    const { context } = await createTestContext();
    await aRun([served("prod", shared)]).deliver(context);
    await aRun([served("staging", shared, other)]).deliver(context);
    const seenBy = async (...accounts: string[]) => {
      const limited = { ...context, restriction: { accounts } };
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await findResources(limited, parseSearch("", context.now()), { limit: 1, cursor });
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return ids.sort();
    };
    expect(await seenBy("tls/prod", "tls/staging")).toEqual([shared.id, other.id]);
    expect(await seenBy("tls/prod")).toEqual([shared.id]);
    expect(await seenBy("tls/staging")).toEqual([shared.id, other.id]);
    expect(await seenBy("tls/none", "aws/prod")).toEqual([]);
  });
});
