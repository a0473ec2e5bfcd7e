import * as z from "zod";
import { idSchema } from "./ids.ts";
import { accountId, kindName, provider, regionName, scopeKey, scopeStatus } from "./scope.ts";

/** So many scopes, and as many of the resources that would be retired, are named. */
export const MOST_SHOWN = 20;
/** So many resources are looked at for who else sees them. */
export const MOST_LOOKED_AT = 1000;

const count = z.int().min(0);
const source = z.string().min(1).max(128).meta({ description: "Name of a collector" });

const forgetPlace = {
  source: source.optional(),
  provider: provider.optional(),
  account: accountId.optional(),
  region: regionName.optional(),
  kind: kindName.optional(),
};

const fingerprint = z
  .string()
  .regex(/^[0-9a-f]{16}$/, "the fingerprint of a preview: 16 lower-case hexadecimal digits");

const staleOnly = { description: "Only those that are stale; the others are left" };

/** Which scopes would be forgotten: those of which all that is given holds. */
export const forgetQuery = z.strictObject({
  ...forgetPlace,
  stale: z
    .enum(["true"])
    .transform(() => true as const)
    .optional()
    .meta(staleOnly),
});

/** Which scopes are to be forgotten. Forgetting is of something: never of all that happens to be stale. */
export const forgetRequest = z
  .strictObject({
    ...forgetPlace,
    stale: z.literal(true).optional().meta(staleOnly),
    fingerprint: fingerprint.optional().meta({
      description: "Of the preview: 409 `scope.changed` when other scopes are meant by now",
    }),
    reason: z.string().trim().max(500).optional(),
  })
  .refine(({ source, account }) => source !== undefined || account !== undefined, {
    error: "say at least a source or an account",
    path: ["source"],
  });

/** A scope that may be forgotten, and why. */
export const forgettable = scopeKey.extend({
  source,
  cause: z.enum(["stale", "ended"]).meta({
    description: "stale: not reported for three of its intervals. ended: its collector was revoked",
  }),
  status: scopeStatus.optional().meta({ description: "Of the last run; absent where none was ever completed" }),
  lastRunAt: z.iso.datetime().optional(),
});
export type Forgettable = z.output<typeof forgettable>;

export const forgetPreview = z.object({
  fingerprint: fingerprint.meta({ description: "Over the scopes that are meant" }),
  scopes: count.meta({ description: "How many scopes are meant" }),
  some: z.array(forgettable).meta({ description: `Of these the first ${MOST_SHOWN}` }),
  retires: count.meta({ description: "How many resources none but these scopes see: they would be retired" }),
  stays: count.meta({ description: "How many resources others see, too: they would stay" }),
  more: z
    .literal(true)
    .optional()
    .meta({
      description: `There are more resources: the first ${MOST_LOOKED_AT} were looked at`,
    }),
  sample: z
    .array(z.object({ id: z.string(), name: z.string() }))
    .meta({ description: `Some of what would be retired, ${MOST_SHOWN} at the most` }),
});
export type ForgetPreview = z.output<typeof forgetPreview>;

export const forgetStarted = z.object({
  job: idSchema("job").meta({ description: "The run that does it: GET /api/v1/jobs/{id}" }),
  scopes: count,
  fingerprint,
});
export type ForgetStarted = z.output<typeof forgetStarted>;
