import type { CustomFetch } from "openid-client";
import type { Reach } from "./issuer.ts";

/** How identity providers are asked: by a fetch that connects to no address inside, bounded in time and size. It throws OutsideError. */
export interface Outside extends Reach {
  readonly fetch: CustomFetch;
}

/** Somebody outside was not asked, or did not answer in time and size. */
export class OutsideError extends Error {
  constructor(host: string, reason: string, options?: ErrorOptions) {
    super(`${host}: ${reason}`, options);
    this.name = "OutsideError";
  }
}
