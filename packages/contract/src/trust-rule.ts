import * as z from "zod";
import { accountName } from "./account.ts";
import { idSchema } from "./ids.ts";
import { namedTexts } from "./names.ts";
import { tokenScope } from "./token.ts";

/** Where GitHub Actions' tokens come from; an enterprise server has an issuer of its own. */
const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

const MOST_CLAIMS = 20;
const MOST_KEYS = 20;

const issuer = z
  .url()
  .max(512)
  .refine((text) => {
    const url = URL.parse(text);
    return url !== null && /^https?:$/.test(url.protocol) && !/[?#]/.test(text) && url.username === "";
  }, "an address such as https://token.actions.githubusercontent.com, without query and fragment")
  .meta({ description: "To the letter as the tokens' `iss` has it" });
const audience = z
  .string()
  .trim()
  .min(1)
  .max(512)
  .meta({ description: "What the tokens' `aud` must name, such as the API's address" });
const MOST_PATTERN = 512;
/** A name of a claim; not that of what objects inherit from, which would be left out without a word. */
const CLAIM = /^(?!__proto__$)[\w.:/-]+$/;
const pattern = z
  .string()
  .min(1)
  .max(MOST_PATTERN)
  .meta({ description: "The value, whole; `*` stands for any characters but `:`" });
const keys = z
  .strictObject({
    keys: z
      .array(z.record(z.string().max(64), z.unknown()))
      .min(1)
      .max(MOST_KEYS),
  })
  .meta({ description: "Public keys (JWKS) that the tokens are signed by; the issuer is then never asked" });

/** Any issuer of OpenID Connect. */
const oidcTrust = z.strictObject({
  type: z.literal("oidc"),
  issuer,
  audience,
  claims: namedTexts({ mostName: 128, mostText: MOST_PATTERN, of: "claim" })
    .refine((claims) => Object.keys(claims).every((name) => CLAIM.test(name)), "has what is no name of a claim")
    .refine((claims) => !Object.values(claims).includes(""), "has a claim without a value")
    .refine((claims) => Object.keys(claims).length > 0, "names no claim: whoever the issuer knows would be trusted")
    .refine((claims) => Object.keys(claims).length <= MOST_CLAIMS, `names more than ${MOST_CLAIMS} claims`)
    .meta({ description: "What the tokens must say, each by name: such as `sub`" }),
  keys: keys.optional(),
});

const githubTrust = z.strictObject({
  type: z.literal("github"),
  issuer: issuer.default(GITHUB_ISSUER),
  audience,
  repository: z
    .string()
    .regex(/^[\w-]{1,100}\/(?:[\w.-]{1,100}|\*)$/, "owner/name, or owner/* for all of an owner")
    .meta({ description: "Whose workflows are trusted" }),
  ownerId: z
    .string()
    .regex(/^\d{1,20}$/, "the number of an owner")
    .optional()
    .meta({ description: "The owner's number, which nobody else gets when its name becomes free" }),
  ref: pattern.optional().meta({ description: "Such as `refs/heads/main`; any branch and tag when absent" }),
  environment: pattern.optional().meta({ description: "The environment of the job; any, and none, when absent" }),
});

const name253 = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, "a name of Kubernetes");
const kubernetesTrust = z.strictObject({
  type: z.literal("kubernetes"),
  issuer,
  audience,
  namespace: name253,
  serviceAccount: name253,
  keys: keys.optional(),
});

const gcpTrust = z
  .strictObject({
    type: z.literal("gcp"),
    audience,
    email: z.email().max(254).optional().meta({ description: "Of a service account, verified by Google" }),
    subject: z
      .string()
      .regex(/^\d{1,64}$/, "the number of a service account")
      .optional()
      .meta({ description: "Its unique id, which is never given again" }),
  })
  .refine(({ email, subject }) => email !== undefined || subject !== undefined, {
    error: "has neither email nor subject: whoever Google knows would be trusted",
  });

const awsTrust = z.strictObject({
  type: z.literal("aws"),
  audience: audience.meta({
    description: "What the signed header x-cadastre-server-id must say, such as the API's address",
  }),
  account: z.string().regex(/^\d{12}$/, "12 digits"),
  role: z
    .string()
    .max(64)
    .regex(
      /^[\w+=,.@*-]*[\w+=,.@-][\w+=,.@*-]*$/,
      "the name of a role, without its path; `*` stands for any characters",
    )
    .meta({ description: "The role that was assumed" }),
});

export const trust = z.discriminatedUnion("type", [oidcTrust, githubTrust, kubernetesTrust, gcpTrust, awsTrust]);
export type Trust = z.output<typeof trust>;

/** How long a token that was exchanged lives when nobody says, and at the most. */
const TOKEN_SECONDS = 900;
const MOST_TOKEN_SECONDS = 3600;

export const newTrustRule = z.strictObject({
  name: z.string().trim().min(1).max(128),
  serviceAccount: idSchema("serviceAccount").meta({ description: "Which one is acted as" }),
  trusts: trust,
  scopes: z.array(tokenScope).min(1).meta({ description: "What the tokens may do, within its roles" }),
  accounts: z
    .array(accountName)
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "Limits the tokens to what belongs to these accounts" }),
  addresses: z.array(z.string().max(64)).min(1).max(200).optional().meta({
    description: "From where a token can be exchanged and used; from everywhere when absent",
  }),
  tokenSeconds: z.int().min(60).max(MOST_TOKEN_SECONDS).default(TOKEN_SECONDS),
  endsWithSubject: z
    .boolean()
    .default(false)
    .meta({ description: "The tokens end no later than what they were exchanged for" }),
  singleUse: z
    .boolean()
    .default(false)
    .meta({ description: "What is exchanged has a `jti`, and counts once; of AWS it always does" }),
  disabled: z.boolean().default(false),
});
export type NewTrustRule = z.output<typeof newTrustRule>;

export const trustRule = z.object({
  id: idSchema("trustRule"),
  ...newTrustRule.shape,
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  updatedBy: z.string(),
  version: z.int(),
});
export type TrustRule = z.output<typeof trustRule>;
