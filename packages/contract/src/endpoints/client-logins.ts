import * as z from "zod";
import { clientLogin, userCodeBody } from "../client-login.ts";
import { defineArea, defineEndpoint, oneself } from "./endpoint.ts";

const PATH = "/api/v1/auth/device";
const EXAMPLE_CODE = "BCDF-GHJK";

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
});
