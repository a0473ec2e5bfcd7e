import * as z from "zod";

/** What the token endpoint takes (RFC 6749 §4.5). */
export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** By a code that a person approves on another device (RFC 8628 §3.4). */
export const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";

/** By a code that a person's browser brings back (RFC 6749 §4.1.3), with PKCE. */
export const AUTHORIZATION_CODE = "authorization_code";

/** The one client that people log in by: the command. It is public, and has no secret. */
export const CLI_CLIENT = "cadastre-cli";

/** What a subject token is (RFC 8693 §3), and for AWS a signed request, as Google's exchange calls it. */
export const JWT_TYPES = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"] as const;
export const AWS_REQUEST_TYPE = "urn:ietf:params:aws:token-type:aws4_request";
export const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

/** The header of an AWS request that says for whom it was signed. */
export const AWS_SERVER_ID_HEADER = "x-cadastre-server-id";

const text = (most: number) => z.string().max(most).optional();

/** A request to the token endpoint. What is not known here is ignored (RFC 6749 §3.2). */
export const tokenRequest = z.looseObject({
  grant_type: z
    .string()
    .max(128)
    .meta({ description: `\`${TOKEN_EXCHANGE}\`, \`${DEVICE_CODE}\` or \`${AUTHORIZATION_CODE}\`` }),
  subject_token: text(32_768).meta({ description: "A JSON Web Token, or a signed request to GetCallerIdentity" }),
  subject_token_type: text(128),
  audience: text(64).meta({ description: "The id of the trust rule" }),
  scope: text(2000).meta({ description: "Scopes, separated by spaces; all that the rule gives when absent" }),
  client_id: text(64).meta({ description: `Of a person's login: \`${CLI_CLIENT}\`` }),
  device_code: text(128).meta({ description: "As `POST /api/v1/auth/device` has answered it" }),
  code: text(128).meta({ description: "As the browser has brought it back" }),
  redirect_uri: text(256).meta({ description: "Where the browser has brought it to, as it was asked for" }),
  code_verifier: text(128).meta({ description: "What the challenge was made of (RFC 7636 §4.1)" }),
});
export type TokenRequest = z.output<typeof tokenRequest>;

export const tokenAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int().meta({ description: "Seconds" }),
  scope: z.string(),
  issued_token_type: z.literal(ACCESS_TOKEN_TYPE).optional(),
});
export type TokenAnswer = z.output<typeof tokenAnswer>;

/** What a person is asked to approve from another device (RFC 8628 §3.1). What is not known here is ignored. */
export const deviceRequest = z.looseObject({
  client_id: z
    .string()
    .max(64)
    .meta({ description: `\`${CLI_CLIENT}\`` }),
  client_name: text(128).meta({ description: "How it calls itself, for the person who approves it" }),
});
export type DeviceRequest = z.output<typeof deviceRequest>;

export const deviceAnswer = z.object({
  device_code: z.string(),
  user_code: z.string().meta({ description: "For the person: eight letters with a hyphen between" }),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.int().meta({ description: "Seconds" }),
  interval: z.int().meta({ description: "Seconds between two requests at the least" }),
});
export type DeviceAnswer = z.output<typeof deviceAnswer>;

/** A signed request as it is exchanged: JSON of this form. */
export const awsRequest = z.strictObject({
  url: z.string().max(512),
  method: z.literal("POST"),
  headers: z.array(z.strictObject({ key: z.string().max(64), value: z.string().max(8192) })).max(20),
  /** Where the parameters are not in the URL. */
  body: z.string().max(256).optional(),
});
export type AwsRequest = z.output<typeof awsRequest>;
