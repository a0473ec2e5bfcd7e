import * as z from "zod";
import { idSchema } from "../ids.ts";
import {
  codeShown,
  confirmed,
  createdTotp,
  enrolledPasskey,
  factor,
  newTotp,
  passkeyOptions,
  passkeyRegistration,
  recoveryCodes,
} from "../login.ts";
import { defineArea, defineEndpoint, oneself } from "./endpoint.ts";
import { exampleId } from "./examples.ts";

const byId = z.object({ id: idSchema("factor") });
const anId = { id: exampleId("factor") };
const enrol = oneself("factor:enrol", "user", { by: "session", pending: true });
const BY_WHOM =
  "A session whose user has not proved who it is within five minutes needs a step-up for `factor:enrol` on `user/usr_…`.";
const errors = ["auth.step_up", "factor.too_many", "request.conflict"] as const;

export const factors = defineArea("factors", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/factors",
    access: oneself("self:read", "user", { by: "session", pending: true }),
    summary: "Your second factors",
    answer: z.object({ items: z.array(factor) }),
  }),
  createTotp: defineEndpoint({
    method: "POST",
    path: "/api/v1/factors/totp",
    access: enrol,
    summary: "Make a secret for an authenticator app; it counts once a code of it was shown",
    description: BY_WHOM,
    body: newTotp,
    bodyOptional: true,
    status: 201,
    answer: createdTotp,
    mutates: "factor.create",
    needs: "sealer",
    secret: "answer",
    errors,
    example: { body: { name: "phone" } },
  }),
  confirmTotp: defineEndpoint({
    method: "POST",
    path: "/api/v1/factors/totp/{id}/confirm",
    access: enrol,
    summary: "Confirm an authenticator app by a code of it; the session goes on under a new secret",
    params: byId,
    body: codeShown,
    answer: confirmed,
    mutates: "factor.confirm",
    needs: "opener",
    secret: "answer",
    errors: [
      "auth.step_up",
      "factor.not_found",
      "factor.confirmed",
      "factor.wrong_code",
      "auth.revoked",
      "request.conflict",
    ],
    example: { params: anId, body: { code: "123456" } },
  }),
  passkeyOptions: defineEndpoint({
    method: "POST",
    path: "/api/v1/factors/passkey-options",
    access: enrol,
    summary: "What to give to navigator.credentials.create, to make a passkey",
    answer: passkeyOptions,
    needs: "relyingParty",
    errors: ["auth.step_up"],
  }),
  createPasskey: defineEndpoint({
    method: "POST",
    path: "/api/v1/factors/passkeys",
    access: enrol,
    summary: "Enrol a passkey that a browser has made; the session goes on under a new secret",
    description: BY_WHOM,
    body: passkeyRegistration,
    status: 201,
    answer: enrolledPasskey,
    mutates: "factor.create",
    needs: "relyingParty",
    secret: "answer",
    errors: [...errors, "factor.wrong_code", "factor.exists", "auth.revoked"],
    example: {
      body: {
        name: "laptop",
        response: {
          id: "AAAA",
          rawId: "AAAA",
          type: "public-key",
          clientExtensionResults: {},
          response: { clientDataJSON: "AAAA", attestationObject: "AAAA" },
        },
      },
    },
  }),
  createRecoveryCodes: defineEndpoint({
    method: "POST",
    path: "/api/v1/factors/recovery-codes",
    access: oneself("factor:enrol", "user", { by: "session" }),
    summary: "Make ten recovery codes in place of those that there were; each stands in for a second factor once",
    description: BY_WHOM,
    status: 201,
    answer: recoveryCodes,
    mutates: "factor.create",
    secret: "answer",
    errors: ["auth.step_up", "factor.none", "request.conflict"],
  }),
  remove: defineEndpoint({
    method: "DELETE",
    path: "/api/v1/factors/{id}",
    access: oneself("factor:remove", "factor", { by: "session" }),
    summary: "Remove a second factor; needs a step-up",
    params: byId,
    status: 204,
    mutates: "factor.remove",
    errors: ["auth.step_up", "factor.not_found", "request.conflict"],
    example: { params: anId },
  }),
});
