import { CLI_CLIENT, deviceAnswer, deviceRequest, TOKEN_EXCHANGE, tokenAnswer, tokenRequest } from "../oauth.ts";
import { anyone, defineArea, defineEndpoint } from "./endpoint.ts";
import { exampleId } from "./examples.ts";

export const oauth = defineArea("oauth", {
  device: defineEndpoint({
    method: "POST",
    path: "/api/v1/auth/device",
    access: anyone,
    summary:
      "Begin a person's login from a device that has no browser: codes for the device and for the person (RFC 8628)",
    description:
      "A form (application/x-www-form-urlencoded), answered as RFC 6749 and RFC 8628 say, errors too. The person approves at `verification_uri`, within ten minutes; meanwhile the device asks `POST /api/v1/auth/token` for the token.",
    body: deviceRequest,
    form: true,
    answer: deviceAnswer,
    rate: "login",
    mutates: "client-login.begin",
    needs: "relyingParty",
    secret: "answer",
    errors: ["auth.csrf", "request.invalid", "request.rate", "request.conflict", "grant.client"],
    example: { body: { client_id: CLI_CLIENT, client_name: "cadastre on laptop" } },
  }),
  token: defineEndpoint({
    method: "POST",
    path: "/api/v1/auth/token",
    access: anyone,
    summary:
      "Get a token: a workload's for what its platform gives it (RFC 8693), or a person's for a code that was approved",
    description:
      "A form (application/x-www-form-urlencoded), answered as RFC 6749 and RFC 8693 say, errors too. Of a workload `audience` is the id of a trust rule. Whatever is wrong with the token, or the rule, is one and the same answer, `invalid_request`; the audit log of the rule's organization says what it was. Of a person (`client_id=cadastre-cli`) it takes `device_code`, or `code` with `redirect_uri` and `code_verifier`; each gives one token, of half a day at most, which ends with the session that approved it and reveals no credentials.",
    body: tokenRequest,
    form: true,
    answer: tokenAnswer,
    rate: "exchange",
    mutates: "token.exchange",
    secret: "answer",
    errors: [
      "request.invalid",
      "request.rate",
      "request.conflict",
      "grant.refused",
      "grant.unsupported",
      "grant.scope",
      "grant.client",
      "grant.invalid",
      "grant.pending",
      "grant.slow_down",
      "grant.denied",
      "grant.expired",
    ],
    example: {
      body: {
        grant_type: TOKEN_EXCHANGE,
        audience: exampleId("trustRule"),
        subject_token: "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      },
    },
  }),
});
