import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export interface SigningKey {
  readonly jwk: JWK;
  readonly sign: (claims: JWTPayload, header?: object) => Promise<string>;
}

/** A key pair that signs tokens, and its public half. */
export async function aSigningKey(kid = "one", alg = "ES256"): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  return {
    jwk,
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, typ: "JWT", ...header }).sign(privateKey),
  };
}

const send = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
};

/** An issuer on loopback whose answers a test can change: its document, and its keys, which may hang. */
export async function anIssuer(keys: readonly JWK[]) {
  const state = { keys, document: {} as object, isHanging: false, asked: { document: 0, keys: 0 } };
  const server = createServer((request, response) => {
    if (request.url === "/.well-known/openid-configuration") {
      state.asked.document += 1;
      const own = {
        issuer: url,
        jwks_uri: `${url}/keys`,
        authorization_endpoint: `${url}/no`,
        token_endpoint: `${url}/no`,
      };
      return send(response, { ...own, ...state.document });
    }
    state.asked.keys += 1;
    if (!state.isHanging) send(response, { keys: state.keys });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    url,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export type TestIssuer = Awaited<ReturnType<typeof anIssuer>>;
