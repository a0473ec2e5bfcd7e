import { expect, test } from "vitest";
import type { AwsOptions } from "./options.ts";
import { observeAws } from "./testing.ts";

const role = (account: string, partition = "aws") => ({ roleArn: `arn:${partition}:iam::${account}:role/reader` });
const own = { own: true } as const;

test.each<[string, AwsOptions, RegExp]>([
  ["no region", { accounts: own, regions: [] }, /regions: at least one/],
  ["a region that is none", { accounts: own, regions: ["europe-west1"] }, /"europe-west1" is not an AWS region/],
  ["a region of another partition", { accounts: own, regions: ["us-iso-east-1"] }, /us-iso-east-1.*not supported/],
  ["two partitions", { accounts: own, regions: ["eu-west-1", "cn-north-1"] }, /eu-west-1.*cn-north-1.*one partition/],
  [
    "a role of another partition than the regions",
    { accounts: { roles: [role("111122223333", "aws-cn")] }, regions: ["eu-west-1"] },
    /account 111122223333 of aws-cn/,
  ],
  ["no role", { accounts: { roles: [] } }, /roles: at least one/],
  ["a role that is none", { accounts: { roles: [{ roleArn: "arn:aws:iam::1:user/x" }] } }, /is not a role's ARN/],
  ["an account twice", { accounts: { roles: [role("111122223333"), role("111122223333")] } }, /listed twice/],
  ["a role name that is none", { accounts: { organization: { roleName: "a role" } } }, /is not a role's ARN/],
  [
    "a management role that is none",
    { accounts: { organization: { roleName: "reader", managementRoleArn: "reader" } } },
    /"reader" is not a role's ARN/,
  ],
  ["a page size that EC2 refuses", { accounts: own, pageSize: 4 }, /pageSize must be a whole number from 5 to 1000/],
  ["no concurrency", { accounts: own, concurrency: 0 }, /concurrency must be/],
  ["no attempt", { accounts: own, maxAttempts: 0 }, /maxAttempts must be/],
  ["a session name with a space", { accounts: own, sessionName: "a b" }, /sessionName "a b"/],
])("configuration that cannot work is refused before anything is asked: %s", (_what, options, message) => {
  expect(() => observeAws(options)).toThrow(message);
});
