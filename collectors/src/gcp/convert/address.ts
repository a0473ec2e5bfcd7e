import type { ResourceInput } from "@cadastre/contract/resource";
import { present, required, toAddress, toPrefix, unknownValue } from "../../values.ts";
import type { ComputeAddress } from "../compute.ts";
import { type GcpPlace, ownId, readLink, toReference } from "./place.ts";
import { toDescription, toId, toWord } from "./values.ts";

/** A reserved address or range, regional or global, external or internal. Throws MalformedError. */
export function toReservedAddress(of: ComputeAddress, place: GcpPlace): ResourceInput<"address"> {
  const users = (of.users ?? []).map((user) => readLink(user, place.project)?.id ?? user);
  return {
    id: ownId(of.selfLink, place, "addresses"),
    name: required(of.name, "name"),
    tags: { ...of.labels },
    attributes: {
      ...reserved(of),
      type: typeOf(of, place),
      state: toWord(of.status),
      attachedTo: users.length > 0 ? users : undefined,
      network: toReference(of.network, place),
      subnet: toReference(of.subnetwork, place),
      purpose: present(of.purpose),
      networkTier: present(of.networkTier),
      description: toDescription(of.description),
      providerId: toId(of.id),
    },
  };
}

/** A range has its length beside its first address; neither is there while Compute Engine is still choosing. */
function reserved({ address, prefixLength }: ComputeAddress): { address?: string; prefix?: string } {
  if (!address) return {};
  const isRange = prefixLength && prefixLength < (address.includes(":") ? 128 : 32);
  return isRange ? { prefix: toPrefix(`${address}/${prefixLength}`) } : { address: toAddress(address) };
}

/** The API's default is EXTERNAL, and older addresses were stored without it. A new type is kept and reported. */
function typeOf({ addressType }: ComputeAddress, { report }: GcpPlace): string {
  if (!addressType || addressType === "EXTERNAL") return "external";
  if (addressType === "INTERNAL") return "internal";
  report?.(unknownValue("addressType", addressType, ["EXTERNAL", "INTERNAL"]));
  return addressType.toLowerCase();
}
