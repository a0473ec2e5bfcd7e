import { AddressError } from "@cadastre/net/address";
import { tryParseHostName } from "@cadastre/net/host-name";
import { parsePrefix } from "@cadastre/net/prefix";
import * as z from "zod";

/* Forms of single values. Each says in its message what is allowed, whatever was given instead. */

/** A text of this form; `allowed` completes the message. */
export const text = (pattern: RegExp, allowed: string) => z.string(allowed).regex(pattern, allowed);

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number, of = "") {
  const error = `a whole number${of} from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}`;
  return z.int({ error }).min(least, error).max(most, error);
}

/** A list of `least` to `most` different values. */
export function listOf<Item extends z.ZodType>(item: Item, [least, most]: readonly [number, number], what: string) {
  const error = `a list of ${least} to ${most.toLocaleString("en")} ${what}`;
  return z
    .array(item, error)
    .min(least, error)
    .max(most, error)
    .check(({ value, issues }) => {
      for (const [place, one] of value.entries()) {
        if (value.indexOf(one) === place) continue;
        issues.push({ code: "custom", path: [place], input: one, message: `${JSON.stringify(one)} is there twice` });
      }
    });
}

/** An object of these members and no others. */
export const object = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? undefined : `an object with ${Object.keys(shape).join(", ")}`,
  });

const arn = (service: string, rest: string, allowed: string) =>
  text(new RegExp(`^arn:aws(?:-cn|-us-gov)?:${service}:${rest}$`), allowed);

export const keyArn = arn(
  "kms",
  "[a-z0-9-]+:\\d{12}:key/[\\w-]+",
  "a KMS key's ARN, arn:aws:kms:REGION:ACCOUNT:key/ID",
);
export const roleArn = arn("iam", ":\\d{12}:role/[\\w+=,.@/-]+", "a role's ARN, arn:aws:iam::ACCOUNT:role/NAME");
export const certificateArn = arn(
  "acm",
  "[a-z0-9-]+:\\d{12}:certificate/[\\w-]+",
  "a certificate's ARN, arn:aws:acm:REGION:ACCOUNT:certificate/ID",
);
export const streamArn = arn(
  "dynamodb",
  "[a-z0-9-]+:\\d{12}:table/[\\w.-]{3,255}/stream/[\\w:.-]+",
  "a table's stream ARN, arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/TIME",
);

export const account = text(/^\d{12}$/, "an AWS account's number, 12 digits in quotes");
export const region = text(/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/, "a region such as eu-west-1");
export const hostName = z.string("a host name such as cadastre.example.org").check(({ value, issues }) => {
  if (tryParseHostName(value)?.includes(".")) return;
  issues.push({ code: "custom", input: value, message: "a host name such as cadastre.example.org" });
});

/** A block of addresses, as strictly as everywhere else. */
export const prefix = z.string("a block of addresses such as 203.0.113.0/24").check(({ value, issues }) => {
  try {
    parsePrefix(value);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    issues.push({
      code: "custom",
      input: value,
      message: `a block of addresses such as 203.0.113.0/24 or 2001:db8::/32; ${error.message}`,
    });
  }
});
