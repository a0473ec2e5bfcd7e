import type { ForwardingFault } from "@cadastre/contract/forwarder";
import { DeliveryError } from "@cadastre/core/forwarding/ports";

const FAULTS: Readonly<Record<string, ForwardingFault>> = {
  ENOTFOUND: "unresolved",
  EAI_AGAIN: "unresolved",
  ECONNRESET: "broken_off",
  EPIPE: "broken_off",
  ETIMEDOUT: "timeout",
  ABORT_ERR: "timeout",
};

/** OpenSSL's words for a certificate that does not hold, and Node's for a name that is not its own. */
const UNTRUSTED = /CERT|UNABLE_TO|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO/;

/** What went wrong on the way to a receiver, in our words. */
export function toFault(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const { code = "", name = "" } = error as { code?: string; name?: string };
  if (name === "AbortError" || name === "TimeoutError") return new DeliveryError("timeout", { cause: error });
  const fault = FAULTS[code] ?? (UNTRUSTED.test(code) ? "untrusted" : "unreachable");
  return new DeliveryError(fault, { cause: error });
}
