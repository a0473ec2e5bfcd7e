import { oauth } from "@cadastre/contract/endpoints/oauth";
import { ProblemError } from "@cadastre/contract/errors";
import { AUTHORIZATION_CODE, DEVICE_CODE, TOKEN_EXCHANGE } from "@cadastre/contract/oauth";
import { portOf } from "../services.ts";
import { implement } from "./route.ts";

/** How a token can be asked for. */
const GRANTS: readonly string[] = [TOKEN_EXCHANGE, DEVICE_CODE, AUTHORIZATION_CODE];

export const OAUTH_ROUTES = implement(oauth, {
  async device({ context, services, body, from, requestId }) {
    const { beginDevice } = await import("@cadastre/core/login/clients/begin-device");
    const [origin = ""] = portOf(services, "relyingParty").origins;
    return beginDevice(context, { origin }, body, { ...from, requestId });
  },
  async token({ context, services, body, from, requestId }) {
    const call = { ...from, requestId };
    if (body.grant_type === DEVICE_CODE) {
      const { redeemDevice } = await import("@cadastre/core/login/clients/redeem-device");
      return redeemDevice(context, body, call);
    }
    if (body.grant_type === AUTHORIZATION_CODE) {
      const { redeemCode } = await import("@cadastre/core/login/clients/redeem-code");
      return redeemCode(context, body, call);
    }
    if (body.grant_type !== TOKEN_EXCHANGE)
      throw new ProblemError("grant.unsupported", `grant_type must be one of ${GRANTS.join(", ")}`);
    return services.exchange(context, body, call);
  },
});
