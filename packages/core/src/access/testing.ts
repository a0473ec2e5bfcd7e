import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { NewCollector } from "@cadastre/contract/collector";
import { newId } from "@cadastre/contract/ids";
import { createKeySigner, type RequestSigner } from "@cadastre/contract/keys";
import type { HeldRole, PrincipalRef } from "@cadastre/contract/principal";
import { type SignedRequest, signRequest } from "@cadastre/contract/signature";
import { create } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { ServiceAccountItem } from "../directory/items.ts";
import { toServiceAccountItem } from "../directory/service-accounts.ts";
import { adminRoles } from "./admin-grant.ts";

const URL_ = "https://cadastre.example/api/v1/discovery";

export interface TestKey {
  readonly pem: string;
  readonly signer: RequestSigner;
}

/** For tests: a fresh key pair of a collector. */
export function aKey(type: "ed25519" | "p256" = "ed25519"): TestKey {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } =
    type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  return { pem, signer: createKeySigner(pair.privateKey) };
}

/** For tests: a registration, with what matters to the test laid over it. */
export function aCollector(key: TestKey, more: Partial<NewCollector> = {}): NewCollector {
  return { name: "aws-main", providers: ["aws"], accounts: ["111111111111"], publicKey: key.pem, ...more };
}

/** For tests: a signed POST as the API receives it. */
export async function aSignedRequest(key: TestKey, at: Date, text = "{}"): Promise<SignedRequest> {
  const request = { method: "POST", url: URL_, contentType: "application/json", body: Buffer.from(text) };
  return { ...request, headers: new Headers(await signRequest(request, key.signer, at)) };
}

/** For tests: a service account that may do everything, unless other roles are given; in no list and no record. */
export async function anOwner({ table, now }: Context, roles: HeldRole[] = adminRoles(now())): Promise<PrincipalRef> {
  const id = newId("serviceAccount", now());
  const item = { ...toServiceAccountItem(id, id, { now: now(), createdBy: "system" }), roles };
  await table.commit([create(ServiceAccountItem, item)]);
  return { type: "service-account", id };
}
