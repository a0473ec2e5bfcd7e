import { credentials } from "@cadastre/contract/endpoints/credentials";
import { requireStepUp } from "@cadastre/core/login/step-up";
import { createCredential, getCredential, listCredentials, revokeCredential } from "@cadastre/core/vault/credentials";
import { revealCredential } from "@cadastre/core/vault/reveal";
import { portOf } from "../services.ts";
import { implement } from "./route.ts";

export const CREDENTIAL_ROUTES = implement(credentials, {
  create: {
    handle: ({ context, services, actor, body }) => createCredential(context, portOf(services, "sealer"), actor, body),
    replay: ({ context }, claim) => getCredential(context, claim.target),
  },
  list: ({ context, query }) => listCredentials(context, query),
  get: ({ context, params }) => getCredential(context, params.id),
  reveal: ({ context, services, actor, params, body }) =>
    revealCredential(context, portOf(services, "opener"), actor, params.id, {
      ...body,
      guard: () => requireStepUp(context, actor, { action: "credentials:reveal", resource: `credential/${params.id}` }),
    }),
  revoke: ({ context, actor, params }) => revokeCredential(context, actor, params.id),
});
