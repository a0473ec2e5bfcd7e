import { TOKEN_EXCHANGE, tokenAnswer, tokenRequest } from "../oauth.ts";
import { anyone, defineArea, defineEndpoint } from "./endpoint.ts";
import { exampleId } from "./examples.ts";

export const oauth = defineArea("oauth", {
  token: defineEndpoint({
    method: "POST",
    path: "/api/v1/auth/token",
    access: anyone,
    summary: "Exchange what a workload has from its platform for a token of a service account (RFC 8693)",
    description:
      "A form (application/x-www-form-urlencoded), answered as RFC 6749 and RFC 8693 say, errors too. `audience` is the id of a trust rule. Whatever is wrong with the token, or the rule, is one and the same answer, `invalid_request`; the audit log of the rule's organization says what it was.",
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
