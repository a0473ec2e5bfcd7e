import type * as z from "zod";
import { address } from "./address.ts";
import { certificate } from "./certificate.ts";
import { endpoint } from "./endpoint.ts";
import { instance } from "./instance.ts";
import { networkInterface } from "./interface.ts";
import type { KindName } from "./names.ts";
import { network } from "./network.ts";
import { subnet } from "./subnet.ts";

/** Every kind there is. Adding one here and in names.ts is all that the pipeline needs. */
export const KINDS = {
  network,
  subnet,
  instance,
  interface: networkInterface,
  address,
  endpoint,
  certificate,
} as const satisfies Record<KindName, object>;

export type AttributesInput<K extends KindName> = z.input<(typeof KINDS)[K]["attributes"]>;
