import { tryParseAddress } from "@cadastre/net/address";
import * as z from "zod";
import { idSchema } from "../ids.ts";
import { kindOfId, NATURAL_ID_LENGTH } from "../resource.ts";
import { accountId, provider } from "../scope.ts";

const MOST_RULES = 40;

const FORMS = "such as 65000:100, 4200000000:1 or 192.0.2.1:100 (RFC 4364)";
const SMALL = 65_535;
const LARGE = 4_294_967_295;

/** RFC 4364, section 4.2: two bytes and four, or an IPv4 address or four bytes, and two. */
function isRouteDistinguisher(text: string): boolean {
  const [, administrator = "", digits = ""] = /^([\d.]{1,15}):(0|[1-9]\d{0,9})$/.exec(text) ?? [];
  const assigned = Number(digits);
  if (digits === "") return false;
  if (administrator.includes(".")) return tryParseAddress(administrator)?.family === 4 && assigned <= SMALL;
  const number = Number(administrator);
  if (!/^(0|[1-9]\d{0,9})$/.test(administrator) || number > LARGE) return false;
  return assigned <= (number <= SMALL ? LARGE : SMALL);
}

const routeDistinguisher = z
  .string()
  .refine(isRouteDistinguisher, `a route distinguisher ${FORMS}`)
  .meta({ description: `Of the VRF that it is, ${FORMS}` });

/** What of the clouds is in a space: a network, all of an account but networks that others name, or all of a provider but that. */
export const spaceRule = z.strictObject({
  provider: provider.exclude(["tls"]),
  account: accountId.optional(),
  network: z
    .string()
    .min(1)
    .max(NATURAL_ID_LENGTH)
    .regex(/^\S+$/, "a network's id has no white space")
    .optional()
    .meta({ description: "vpc-…, the name of a GCP network, or a natural id" }),
});
export type SpaceRule = z.output<typeof spaceRule>;

/**
 * What a rule claims, as a text of its own for each claim: a network's natural id and its short one are the same. `aws/111122223333/vpc-1`,
 * `aws/111122223333/`, `aws//`.
 */
export function claimOf({ provider: cloud, account, network }: SpaceRule): string {
  const named = network === undefined ? undefined : kindOfId(network);
  const owner = account ?? named?.account ?? "";
  const last = named === undefined ? network : network?.slice(network.lastIndexOf("/") + 1);
  return `${cloud}/${owner}/${last ?? ""}`;
}

/** What is wrong with a rule, in words. */
function complaintOf({ provider: cloud, account, network }: SpaceRule): string | undefined {
  if (network === undefined || !/[/:]/.test(network)) {
    const isUnplaced = network !== undefined && cloud === "gcp" && account === undefined;
    return isUnplaced ? "projects have networks of the same name: give the account" : undefined;
  }
  const named = kindOfId(network);
  if (named?.kind !== "network" || named.provider !== cloud) return `this is no network's natural id at ${cloud}`;
  return account === undefined || named.account === account ? undefined : `this network is in ${named.account}`;
}

const rules = z
  .array(spaceRule)
  .max(MOST_RULES)
  .check(({ value, issues }) => {
    const seen = new Set<string>();
    for (const [at, rule] of value.entries()) {
      const claim = claimOf(rule);
      const message = complaintOf(rule) ?? (seen.has(claim) ? "the same is said twice" : undefined);
      seen.add(claim);
      if (message !== undefined) issues.push({ code: "custom", path: [at], message, input: rule });
    }
  });

export const IMPORT_POLICIES = ["automatic", "approval"] as const;

const name = z.string().trim().min(1).max(128);
const description = z.string().max(1000);

/** An address space as people say it: a PUT replaces all of it. */
export const newSpace = z.strictObject({
  name: name.meta({ description: "Its own among those of the organization; case does not matter" }),
  description: description.default(""),
  routeDistinguisher: routeDistinguisher.optional(),
  rules: rules.default([]).meta({
    description:
      "Which observed networks belong to it, the most specific rule first: network, account, provider. Without rules none does",
  }),
  importPolicy: z
    .enum(IMPORT_POLICIES)
    .default("approval")
    .meta({ description: "Whether observed networks are taken over by themselves, or wait for somebody's approval" }),
});
export type NewSpace = z.output<typeof newSpace>;

/** A space in which prefixes do not overlap: a VRF. */
export const space = z.object({
  id: idSchema("space"),
  ...newSpace.shape,
  createdOn: z.iso.datetime(),
  createdBy: z.string(),
  modifiedOn: z.iso.datetime().meta({ description: "Last change of the space itself; not of what is in it" }),
  deletion: z
    .object({ job: idSchema("job"), since: z.iso.datetime() })
    .optional()
    .meta({ description: "While it is being deleted: nothing comes in any more" }),
  version: z.int(),
});
export type Space = z.output<typeof space>;

/** So many things of a sort are counted in a preview. */
export const MOST_COUNTED = 10_000;

const spaceContent = z.object({
  of: z.string().meta({ description: "Of what, such as prefixes or tags" }),
  count: z.int().min(0),
  more: z
    .literal(true)
    .optional()
    .meta({ description: `There are more: ${MOST_COUNTED} were counted` }),
});

/** What goes with a space. */
export const spaceRemoval = z.object({
  contents: z.array(spaceContent).meta({ description: "What is in it, of which there is any" }),
  job: idSchema("job")
    .optional()
    .meta({ description: "The run that deletes it: GET /api/v1/jobs/{id}; none with `dryRun`" }),
});
export type SpaceRemoval = z.output<typeof spaceRemoval>;
