import { expect, test } from "vitest";
import { readFeedConfig, readJobsConfig } from "./background.ts";
import { refusal } from "./testing.ts";

test("the environment of the feed is a table and a bus", () => {
  const given = { TABLE_NAME: "cadastre", EVENT_BUS_NAME: "cadastre" };
  expect(readFeedConfig(given)).toEqual({ tableName: "cadastre", eventBusName: "cadastre", deployment: "cadastre" });
  expect(refusal(() => readFeedConfig({ ...given, EVENT_BUS_NAME: "a bus" }))).toContain("EVENT_BUS_NAME must be");
});

test("jobs keep what has ended for 400 days, or for as long as it is set", () => {
  const least = {
    TABLE_NAME: "table",
    AUDIT_KEY_ARN: "arn:aws:kms:eu-west-1:123456789012:key/1",
    AUDIT_BUCKET_NAME: "cadastre-audit",
  };
  expect(readJobsConfig(least)).toMatchObject({
    tableName: "table",
    retentionDays: 400,
    audit: { keyArn: least.AUDIT_KEY_ARN, bucket: "cadastre-audit" },
  });
  expect(readJobsConfig({ ...least, CADASTRE_RETENTION_DAYS: "30" }).retentionDays).toBe(30);
  for (const wrong of ["0", "-1", "1.5", "a year"]) {
    const given = { ...least, CADASTRE_RETENTION_DAYS: wrong };
    expect(refusal(() => readJobsConfig(given))).toContain("CADASTRE_RETENTION_DAYS must be a whole number");
  }
});
