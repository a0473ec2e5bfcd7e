import * as z from "zod";
import { idSchema } from "./ids.ts";
import { loggedIn } from "./login.ts";

/** The cookie that binds a login that is under way to the browser that began it. */
export const LOGIN_COOKIE = "__Host-cadastre-login";
/** What the state of a login begins with by which one who is logged in adds an identity: its answer is taken with the session. */
export const LINK_STATE = "link.";

/** A path of this service and nothing else: browsers read `//` and `/\` as the beginning of another host. */
export const returnTo = z
  .string()
  .max(2000)
  .regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/, "a path of this service such as /api/docs");

/** What the page to log in at shows of a provider. */
const loginProvider = z.object({ id: idSchema("identityProvider"), name: z.string() });
export const loginProviders = z.object({
  items: z.array(loginProvider),
  origin: z.string().optional().meta({ description: "Where people log in" }),
});

export const loginBegin = z.strictObject({
  returnTo: returnTo.optional().meta({ description: "Where to go on after it" }),
  fresh: z.boolean().optional().meta({ description: "Have the provider ask anew, whatever session it has" }),
});
export type LoginBegin = z.output<typeof loginBegin>;
export const linkBegin = loginBegin.pick({ returnTo: true });
export const loginBegun = z.object({
  url: z.string().meta({ description: "Where to send the browser: the provider's authorization endpoint" }),
});

/** The query that the provider sent the browser back with. */
export const loginResponse = z.strictObject({
  response: z.string().max(8192).meta({ description: "`code=…&state=…`, as it stands behind the ?" }),
});
export const finished = loggedIn.extend({ returnTo: returnTo.optional() });
export const linked = z.object({ identity: idSchema("identity"), returnTo: returnTo.optional() });

export const providerLogout = z.object({
  url: z
    .string()
    .optional()
    .meta({ description: "Where to end the session at the provider; absent where it has no such place" }),
});

/** OpenID Connect Back-Channel Logout 1.0 §2.5, as a form. */
export const backChannelLogout = z.looseObject({ logout_token: z.string().min(1).max(16_384) });
/** OpenID Connect Front-Channel Logout 1.0 §2, both of which are needed here. */
export const frontChannelLogout = z.strictObject({ iss: z.string().min(1).max(512), sid: z.string().min(1).max(512) });
