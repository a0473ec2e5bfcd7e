import { idSchema } from "@cadastre/contract/ids";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

/** What a client is called that does not say it. */
export const NAMELESS = "a client without a name";

/** Which session has approved. */
const approval = z.object({ organization: z.string(), user: z.string(), session: z.string() });
export type Approval = z.output<typeof approval>;

export const DeviceLoginItem = defineEntity({
  type: "device-login",
  about:
    "A login from a device without a browser, while its person has not decided and it has not got its token. Bound to the device by the hash of its code",
  schema: z.object({
    id: idSchema("clientLogin"),
    secretHash: z.string(),
    clientName: z.string(),
    address: z.string().optional(),
    userAgent: z.string().optional(),
    createdAt: z.string(),
    endsAt: z.string(),
    polledAt: z.string().optional(),
    interval: z.int().meta({ description: "Seconds between two polls at the least" }),
    denied: z.boolean().optional(),
    approval: approval.optional(),
    expiresAt: z.int().meta({ description: "Some time after its end, so that it can be said that it has ended" }),
  }),
  key: { partition: (of: { id: string }) => `device-login#${of.id}`, sort: () => "login" },
  expires: "expiresAt",
  global: true,
  erased: true,
});
export type DeviceLoginItem = ItemOf<typeof DeviceLoginItem>;

export const UserCodeItem = defineEntity({
  type: "user-code",
  about: "Which device's login waits under a person's code, by the code's hash. Removed when the person decides",
  schema: z.object({ codeHash: z.string(), login: z.string(), expiresAt: z.int() }),
  key: { partition: (of: { codeHash: string }) => `user-code#${of.codeHash}`, sort: () => "code" },
  expires: "expiresAt",
  global: true,
});

export const AuthorizationCodeItem = defineEntity({
  type: "authorization-code",
  about:
    "A login of the command that a person has approved on the same computer, by the hash of the code that the browser brings. Removed with its token",
  schema: z.object({
    id: idSchema("clientLogin"),
    secretHash: z.string(),
    clientName: z.string(),
    codeChallenge: z.string().meta({ description: "SHA-256 of the command's verifier, base64url" }),
    redirectUri: z.string(),
    approval,
    expiresAt: z.int(),
  }),
  key: { partition: (of: { id: string }) => `authorization-code#${of.id}`, sort: () => "code" },
  expires: "expiresAt",
  global: true,
});
export type AuthorizationCodeItem = ItemOf<typeof AuthorizationCodeItem>;
