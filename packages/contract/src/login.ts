import * as z from "zod";
import { OPERATOR_ACTIONS } from "./actions.ts";
import { idSchema } from "./ids.ts";
import { organizationName } from "./organization.ts";
import { userName } from "./user.ts";

/** The name of the session's cookie. */
export const SESSION_COOKIE = "__Host-cadastre";

/** As it is typed; what a new one must be is judged where it is set. */
const password = z.string().min(1).max(4096);
/** Six digits of an app, or a recovery code, as people type them. */
const code = z.string().trim().min(1).max(64);
const base64url = z
  .string()
  .max(65_536)
  .regex(/^[\w-]*$/, "base64url without padding");
const factorName = z.string().trim().min(1).max(128);

export const loginRequest = z.strictObject({
  userName,
  password,
  code: code.optional().meta({ description: "Of an authenticator app, or a recovery code" }),
  organization: organizationName.optional().meta({
    description: "Where users of several organizations have the name: whose; the oldest of them when absent",
  }),
});
export type LoginRequest = z.output<typeof loginRequest>;

/** By what a second factor can be proved. */
export const factorMethod = z.enum(["code", "passkey", "recovery-code"]);

const person = z.object({
  id: idSchema("user"),
  userName: z.string(),
  displayName: z.string().optional(),
  organization: idSchema("organization"),
});

const csrf = z.string().meta({ description: "Sent as x-csrf-token with every request that changes anything" });

export const loggedIn = z.object({
  csrf,
  user: person,
  expiresAt: z.iso.datetime().meta({ description: "When the session ends if it is not used" }),
  stepUpNeeded: z
    .literal(true)
    .optional()
    .meta({ description: "A second factor is due before the session may do anything else" }),
  methods: z
    .array(factorMethod)
    .optional()
    .meta({ description: "By what it can be proved; empty when one has to be enrolled" }),
});

export const setupRequest = z.strictObject({
  secret: z.string().min(1).max(256).meta({ description: "What stands behind the # of the link" }),
  userName: userName.optional().meta({ description: "Of the first admin: the name to log in with" }),
  password,
});
export type SetupRequest = z.output<typeof setupRequest>;

export const setUp = z.object({ user: person.pick({ id: true, userName: true, organization: true }) });

export const passwordChange = z.strictObject({ current: password, password });

export const passwordLink = z.object({
  secret: z.string(),
  link: z.url().optional().meta({ description: "Where the configuration says where people log in" }),
  expiresAt: z.iso.datetime(),
});

const credentialBase = {
  id: base64url,
  rawId: base64url,
  type: z.literal("public-key"),
  authenticatorAttachment: z.enum(["platform", "cross-platform"]).exactOptional(),
  clientExtensionResults: z.looseObject({}).default({}),
};
const transport = z.enum(["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"]);

/** What `navigator.credentials.get` answers, as `PublicKeyCredential.toJSON` writes it (Web Authentication Level 3). */
export const passkeyAssertion = z.looseObject({
  ...credentialBase,
  response: z.looseObject({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.exactOptional(),
  }),
});
export type PasskeyAssertion = z.output<typeof passkeyAssertion>;

/** The same of `navigator.credentials.create`. */
export const passkeyRegistration = z.strictObject({
  name: factorName,
  response: z.looseObject({
    ...credentialBase,
    response: z.looseObject({
      clientDataJSON: base64url,
      attestationObject: base64url,
      transports: z.array(transport).max(16).exactOptional(),
    }),
  }),
});
export type PasskeyRegistration = z.output<typeof passkeyRegistration>;

/** What a browser is asked for: the members of `publicKey`, as `parseCreationOptionsFromJSON` and its like read them. */
export const passkeyOptions = z.looseObject({ challenge: z.string() });

/** What a session is to prove again: something is done to a thing, `type/id`. */
export const stepUpAction = z.string().regex(/^[a-z-]{1,32}:[a-z-]{1,32}$/, "an action such as credentials:reveal");
export const stepUpResource = z
  .string()
  .regex(/^[a-z-]{1,32}\/[\x21-\x7e]{1,512}$/, "a resource such as credential/crd_01J…");

export const stepUpRequest = z
  .strictObject({
    password: password.optional().meta({ description: "Of who has no second factor" }),
    code: code.optional(),
    assertion: passkeyAssertion.optional(),
    action: stepUpAction.optional(),
    resource: stepUpResource.optional(),
  })
  .refine(
    ({ password, code, assertion }) => [password, code, assertion].filter((one) => one !== undefined).length === 1,
    {
      error: "has one of password, code and assertion",
    },
  )
  .refine(({ action, resource }) => (action === undefined) === (resource === undefined), {
    error: "has both action and resource, or neither",
  });
export type StepUpRequest = z.output<typeof stepUpRequest>;

export const steppedUp = z.object({
  strength: z.int(),
  expiresAt: z.iso.datetime().meta({ description: "Until when it counts; for an action on a resource, once" }),
  csrf: csrf.optional(),
});

export const factor = z.object({
  id: idSchema("factor"),
  type: z.enum(["totp", "passkey", "recovery-codes"]),
  name: z.string(),
  isConfirmed: z.boolean(),
  left: z.int().optional().meta({ description: "Recovery codes that were not used" }),
  createdAt: z.iso.datetime(),
  usedAt: z.iso.datetime().optional(),
});
export type Factor = z.output<typeof factor>;

export const newTotp = z.strictObject({ name: factorName.default("authenticator app") });
export type NewTotp = z.output<typeof newTotp>;
export const createdTotp = z.object({
  id: idSchema("factor"),
  secret: z.string().meta({ description: "In base32, to type" }),
  uri: z.string().meta({ description: "otpauth://…, to show as a QR code" }),
});
export const codeShown = z.strictObject({ code });
export const confirmed = z.object({ csrf });
export const enrolledPasskey = z.object({ factor, csrf });
export const recoveryCodes = z.object({ id: idSchema("factor"), codes: z.array(z.string()) });

export const session = z.object({
  id: idSchema("session"),
  methods: z.array(z.string()).meta({ description: "By what its user has proved who it is" }),
  strength: z.int().meta({ description: "1 by one factor, 2 by two, 3 with a passkey" }),
  createdAt: z.iso.datetime(),
  authenticatedAt: z.iso.datetime(),
  usedAt: z.iso.datetime().meta({ description: "To some minutes" }),
  expiresAt: z.iso.datetime().meta({ description: "When it ends if it is not used" }),
  address: z.string().optional(),
  userAgent: z.string().optional(),
  current: z.boolean().meta({ description: "It is the one that asks" }),
});
export type Session = z.output<typeof session>;

export const me = z.object({
  principal: z.object({ type: z.enum(["user", "service-account"]), id: z.string(), name: z.string() }),
  organization: idSchema("organization"),
  groups: z.array(z.string()),
  roles: z.array(z.looseObject({ role: z.string() })),
  actions: z.array(z.enum(OPERATOR_ACTIONS)).meta({ description: "What one may do somewhere" }),
  token: z
    .object({ id: idSchema("token"), scopes: z.array(z.string()), accounts: z.array(z.string()).optional() })
    .optional(),
  session: z
    .object({
      id: idSchema("session"),
      strength: z.int(),
      authenticatedAt: z.iso.datetime(),
      stepUpNeeded: z.literal(true).optional(),
      methods: z.array(factorMethod).optional(),
    })
    .optional(),
  csrf: csrf.optional(),
});
export type Me = z.output<typeof me>;
