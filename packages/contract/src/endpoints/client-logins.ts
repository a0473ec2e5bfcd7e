import * as z from "zod";
import { authorization, clientLogin, redirection, userCodeBody } from "../client-login.ts";
import { CLI_CLIENT } from "../oauth.ts";
import { defineArea, defineEndpoint, oneself } from "./endpoint.ts";

const PATH = "/api/v1/auth/device";
const AUTHORIZE = "/api/v1/auth/authorize";
const EXAMPLE_CODE = "BCDF-GHJK";
const AUTHORIZATION = {
  responseType: "code",
  clientId: CLI_CLIENT,
  redirectUri: "http://127.0.0.1:51004/callback",
  state: "af0ifjsldkjaf0ifjsldkj",
  codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  codeChallengeMethod: "S256",
};

/** What a person's browser says of a login from another device: by a session alone, since no token makes its successor. */
export const clientLogins = defineArea("clientLogins", {
  read: defineEndpoint({
    method: "GET",
    path: PATH,
    access: oneself("client-login:read", "client-login", { by: "session" }),
    summary: "Which login waits under a code, for the person who approves it",
    description: "Whoever guesses codes is slowed down: 30 in five minutes for a person, whatever they are asked for.",
    query: z.strictObject({ code: z.string().max(64).meta({ description: "As the device shows it" }) }),
    answer: clientLogin,
    rate: "userCode",
    errors: ["client-login.not_found", "request.conflict"],
    example: { query: { code: EXAMPLE_CODE } },
  }),
  approve: defineEndpoint({
    method: "POST",
    path: `${PATH}/approve`,
    access: oneself("client-login:decide", "client-login", { by: "session" }),
    summary: "Let the device have a token of yours, of half a day at most, which ends with this session",
    body: userCodeBody,
    status: 204,
    rate: "userCode",
    mutates: "client-login.approve",
    errors: ["client-login.not_found", "request.conflict"],
    example: { body: { code: EXAMPLE_CODE } },
  }),
  deny: defineEndpoint({
    method: "POST",
    path: `${PATH}/deny`,
    access: oneself("client-login:decide", "client-login", { by: "session" }),
    summary: "Refuse the device",
    body: userCodeBody,
    status: 204,
    rate: "userCode",
    mutates: "client-login.deny",
    errors: ["client-login.not_found", "request.conflict"],
    example: { body: { code: EXAMPLE_CODE } },
  }),
  authorize: defineEndpoint({
    method: "POST",
    path: AUTHORIZE,
    access: oneself("client-login:decide", "client-login", { by: "session" }),
    summary: "Let the command on this computer have a token of yours: where to send the browser with the code for it",
    description:
      "Authorization code with PKCE (S256 alone), for the command that listens on this computer (RFC 8252 §7.3). The code counts once, within a minute, at `POST /api/v1/auth/token`.",
    body: authorization,
    answer: redirection,
    mutates: "client-login.approve",
    secret: "answer",
    errors: ["request.conflict"],
    example: { body: AUTHORIZATION },
  }),
  refuse: defineEndpoint({
    method: "POST",
    path: `${AUTHORIZE}/refuse`,
    access: oneself("client-login:decide", "client-login", { by: "session" }),
    summary: "Refuse the command on this computer: where to send the browser",
    body: authorization,
    answer: redirection,
    mutates: "client-login.deny",
    errors: ["request.conflict"],
    example: { body: AUTHORIZATION },
  }),
});
