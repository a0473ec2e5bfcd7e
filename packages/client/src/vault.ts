import {
  type Credential,
  credential,
  type newCredential,
  type RevealedCredential,
  revealedCredential,
} from "@cadastre/contract/credential";
import type * as z from "zod";
import { createList, type List } from "./list.ts";
import { nothing, type Query, type Request } from "./request.ts";

export interface Credentials extends List<Credential, Query> {
  /** Metadata only. */
  get(id: string): Promise<Credential>;
  /** Stores one; the answer has no secret. */
  create(credential: z.input<typeof newCredential>, idempotencyKey?: string): Promise<Credential>;
  /** The secret. Needs a scope of its own, and is audited before it is answered. */
  reveal(id: string, reason?: string): Promise<RevealedCredential>;
  revoke(id: string): Promise<void>;
}

export function createCredentials(request: Request): Credentials {
  const path = (id: string) => `/credentials/${encodeURIComponent(id)}`;
  return {
    ...createList(request, "/credentials", credential),
    get: (id) => request({ method: "GET", path: path(id), answer: credential }),
    create: (body, idempotencyKey) =>
      request({
        method: "POST",
        path: "/credentials",
        body,
        idempotencyKey: idempotencyKey ?? true,
        answer: credential,
      }),
    reveal: (id, reason) =>
      request({
        method: "POST",
        path: `${path(id)}/reveal`,
        body: reason === undefined ? {} : { reason },
        answer: revealedCredential,
      }),
    revoke: (id) => request({ method: "DELETE", path: path(id), answer: nothing }),
  };
}
