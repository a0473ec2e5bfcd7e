import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { beginCodeLogin } from "@cadastre/client/code-login";
import { CLI_CLIENT, DEVICE_CODE } from "@cadastre/contract/oauth";
import { toRelyingParty } from "@cadastre/core/login/passkeys";
import { createSetupLink } from "@cadastre/core/login/setup-link";
import { PASSWORD } from "@cadastre/core/login/testing";
import { getRequestListener } from "@hono/node-server";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { anApi, type TestApi } from "../api/an-api.ts";
import { anOpenIdProvider } from "../support/openid-provider.ts";
import { type OpenBrowser, openBrowser } from "./open-browser.ts";

let api: TestApi;
let server: Server;
let port: number;
let open: OpenBrowser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  const app = Promise.withResolvers<TestApi>();
  server = createServer(
    getRequestListener(async (request, { incoming }) =>
      (await app.promise).app.fetch(request, {
        remoteAddress: (incoming as { socket: { remoteAddress?: string } }).socket.remoteAddress,
      }),
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  api = await anApi({ relyingParty: toRelyingParty(`http://localhost:${port}`), start: new Date() });
  app.resolve(api);
  open = await openBrowser();
});
afterAll(async () => {
  await open.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await api.close();
});

beforeEach(async () => {
  complaints = [];
  context = await open.browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  await page.addInitScript({
    content: `addEventListener("securitypolicyviolation", (one) => { throw new Error("policy: " + one.violatedDirective + " " + one.blockedURI) })`,
  });
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

/** What a page of ours does, and what it is answered. */
function call(
  method: string,
  path: string,
  body?: object,
  csrf?: string,
): Promise<{ status: number; body: Record<string, never> }> {
  const init = {
    method,
    headers: { ...(body ? { "content-type": "application/json" } : {}), ...(csrf ? { "x-csrf-token": csrf } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  };
  return page.evaluate(`fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then(async (response) => ({
    status: response.status,
    body: response.status === 204 ? {} : await response.json(),
  }))`) as never;
}

/** Logs in on a page of ours and answers the page's token. */
async function logIn(host: string, userName: string): Promise<string> {
  await page.goto(`http://${host}:${port}/setup`);
  const { status, body } = await call("POST", "/api/v1/auth/login", { userName, password: PASSWORD });
  expect(status).toBe(200);
  return body.csrf as unknown as string;
}

describe("the link of the first admin in a browser", () => {
  it("leads to a page that sets name and password, and keeps the secret out of the address", async () => {
    const { secret = "" } = (await createSetupLink(api.context)) ?? {};
    await page.goto(`http://127.0.0.1:${port}/setup#${secret}`);
    expect(page.url()).toBe(`http://127.0.0.1:${port}/setup`);
    await page.fill("#name", "ann");
    await page.fill("#password", PASSWORD);
    await page.fill("#again", "not the same at all");
    await page.click("button");
    await expect.poll(() => page.textContent("#said")).toContain("not the same");
    await page.fill("#again", PASSWORD);
    await page.click("button");
    await expect.poll(() => page.textContent("#said"), { timeout: 60_000 }).toContain("The password of ann is set");
  });
});

describe("the page to log in at", () => {
  it("goes on at returnTo, which is a path of ours, or at the first page", async () => {
    const { userName } = await api.aVisitor({ userName: "who goes on" });
    for (const [returnTo, expected] of [
      ["/setup?from=login", "/setup?from=login"],
      ["//evil.example/", "/"],
      ["/\\evil.example/", "/"],
      ["/\t/evil.example/", "/"],
      ["https://evil.example/", "/"],
      ["javascript:alert(1)", "/"],
    ] as const) {
      await page.goto(`http://localhost:${port}/login?${new URLSearchParams({ returnTo }).toString()}`);
      await page.fill("#name", userName);
      await page.fill("#password", PASSWORD);
      await page.click("#form button");
      await page.waitForURL(`http://localhost:${port}${expected}`);
    }
    expect((await call("GET", "/api/v1/me")).body).toMatchObject({ principal: { name: userName } });
    await page.goto(`http://localhost:${port}/login`);
    await page.fill("#name", userName);
    await page.fill("#password", "not the same at all");
    await page.click("#form button");
    await expect.poll(() => page.textContent("#said")).toContain("is not right");
  });
});

describe("a login by a provider in a browser", () => {
  it("goes through the provider's pages and comes back to where it was to go on, with a session", async () => {
    const provider = await anOpenIdProvider();
    try {
      const { issuer } = provider;
      const client = { clientId: "cadastre", clientSecret: "a secret of some length" };
      const body = { name: "The Provider", issuer, ...client, createsUsers: true };
      const made = await api.send({ method: "POST", path: "/api/v1/identity-providers", body });
      const { redirectUri } = (await made.json()) as { redirectUri: string };
      expect(redirectUri).toMatch(new RegExp(`^http://localhost:${port}/login/idp_`));
      provider.addClient({
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUri],
      });
      provider.people.set("grace", { preferred_username: "Grace", name: "Grace Hopper" });
      // Where people log in has another name: the page goes there first.
      await page.goto(`http://127.0.0.1:${port}/login?returnTo=${encodeURIComponent("/setup?from=provider")}`);
      await page.click("text=Log in by The Provider");
      await page.waitForURL(`http://localhost:${port}/login?**`);
      await page.click("text=Log in by The Provider");
      await page.waitForURL(`${issuer}/interaction/**`);
      await page.fill("input[name=login]", "grace");
      await page.fill("input[name=password]", "any");
      await page.click("button[type=submit]");
      await page.waitForURL(`http://localhost:${port}/setup?from=provider`);
      expect((await call("GET", "/api/v1/me")).body).toMatchObject({ principal: { name: "Grace" } });
      const cookies = await context.cookies(`http://localhost:${port}`);
      expect(cookies.map(({ name, sameSite }) => [name, sameSite])).toEqual([["__Host-cadastre", "Strict"]]);
      // What another's page begins, this browser has not begun.
      await page.goto(`${redirectUri}?code=stolen&state=stolen&iss=${encodeURIComponent(issuer)}`);
      await expect.poll(() => page.textContent("#said")).toContain("this browser has not begun to log in");
      expect(page.url()).toBe(redirectUri);
    } finally {
      await provider.close();
    }
  });
});

describe("the page that approves a login of a client", () => {
  interface Begun {
    readonly device_code: string;
    readonly user_code: string;
    readonly verification_uri_complete: string;
  }

  const begin = async (): Promise<Begun> => {
    const form = { client_id: CLI_CLIENT, client_name: "<b>laptop</b>\u202e" };
    return (await (await api.sendForm("/api/v1/auth/device", form)).json()) as Begun;
  };
  const errorOf = async ({ device_code }: Begun) => {
    const form = { grant_type: DEVICE_CODE, client_id: CLI_CLIENT, device_code };
    return ((await (await api.sendForm("/api/v1/auth/token", form)).json()) as { error?: string }).error;
  };

  it("has one log in first, shows what asks as text, and approves or denies", async () => {
    const { userName } = await api.aVisitor({ userName: "who approves" });
    const [one, other] = [await begin(), await begin()];
    await page.goto(one.verification_uri_complete);
    await page.waitForURL(`http://localhost:${port}/login?**`);
    await page.fill("#name", userName);
    await page.fill("#password", PASSWORD);
    await page.click("#form button");
    await page.waitForURL(one.verification_uri_complete);
    await expect.poll(() => page.isVisible("#asked")).toBe(true);
    expect(await page.textContent("#client")).toBe("<b>laptop</b> ");
    expect(await page.textContent("#asked")).toContain(`to act as ${userName}`);
    expect(await page.textContent("#shown")).toBe(one.user_code);
    expect(await errorOf(one)).toBe("authorization_pending");
    await page.click("#approve");
    await expect.poll(() => page.textContent("#said")).toContain("It is logged in");
    expect(await errorOf(one)).toBeUndefined();
    await page.goto(`http://localhost:${port}/device`);
    await expect.poll(() => page.isVisible("#typed")).toBe(true);
    await page.fill("#code", other.user_code.toLowerCase());
    await page.click("#typed button");
    await expect.poll(() => page.isVisible("#asked")).toBe(true);
    await page.click("#deny");
    await expect.poll(() => page.textContent("#said")).toContain("It was refused");
    expect(await errorOf(other)).toBe("access_denied");
    await page.goto(other.verification_uri_complete);
    await expect.poll(() => page.textContent("#said")).toContain("No login waits under this code");
  });

  it("sends the browser to the command on this computer, with a code or without", async () => {
    const { userName } = await api.aVisitor({ userName: "who approves here" });
    await logIn("localhost", userName);
    const brought: string[] = [];
    const command = createServer(({ url = "" }, response) => {
      if (url.startsWith("/callback")) brought.push(url);
      response.end();
    });
    await new Promise<void>((resolve) => command.listen(0, "127.0.0.1", resolve));
    const redirectUri = `http://127.0.0.1:${(command.address() as AddressInfo).port}/callback`;
    const { url, redeem } = beginCodeLogin({
      baseUrl: `http://localhost:${port}`,
      clientName: "cadastre on laptop",
      redirectUri,
    });
    try {
      for (const button of ["#deny", "#approve"]) {
        await page.goto(url);
        await expect.poll(() => page.isVisible("#asked")).toBe(true);
        await page.click(button);
        await page.waitForURL(`${redirectUri}?**`);
      }
      const [denied, approved] = brought.map((one) => new URL(one, redirectUri).searchParams);
      expect(denied?.get("error")).toBe("access_denied");
      expect((await redeem(approved?.get("code") ?? "")).secret).toMatch(/^cad_/);
    } finally {
      command.closeAllConnections();
      command.close();
    }
  });
});

describe("a session in Chromium over plain HTTP", () => {
  it.each(["127.0.0.1", "localhost"])(
    "is kept on %s, under the cookie's prefix, where no script reads it",
    async (host) => {
      const { userName } = await api.aVisitor({ userName: `anna at ${host}` });
      const csrf = await logIn(host, userName);
      const cookies = await context.cookies(`http://${host}:${port}`);
      expect(cookies).toEqual([
        expect.objectContaining({
          name: "__Host-cadastre",
          secure: true,
          httpOnly: true,
          sameSite: "Strict",
          path: "/",
        }),
      ]);
      expect(await page.evaluate("document.cookie")).toBe("");
      expect((await call("GET", "/api/v1/me")).body).toMatchObject({ principal: { name: userName } });
      expect((await call("POST", "/api/v1/auth/logout", undefined, csrf)).status).toBe(204);
      expect(await context.cookies(`http://${host}:${port}`)).toEqual([]);
      expect((await call("GET", "/api/v1/me")).status).toBe(401);
    },
  );

  it("does not go along with what another site's page sends", async () => {
    await api.aVisitor({ userName: "victim" });
    await logIn("localhost", "victim");
    // For a browser 127.0.0.1 is another site than localhost, and this one has no policy.
    const evil = createServer((_, response) => response.setHeader("content-type", "text/html").end("<p>"));
    await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
    await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}`);
    const refused = () => api.lines.filter(({ code }) => code === "auth.missing" || code === "auth.csrf").length;
    const before = refused();
    await page.evaluate(
      `fetch("http://localhost:${port}/api/v1/auth/logout", { method: "POST", credentials: "include", mode: "no-cors" }).catch(() => 0)`,
    );
    expect(refused()).toBe(before + 1);
    evil.closeAllConnections();
    evil.close();
    await page.goto(`http://localhost:${port}/setup`);
    expect((await call("GET", "/api/v1/me")).status).toBe(200);
  });

  it("enrols a passkey of the browser's own authenticator, and proves it at the next login", async () => {
    const devtools = await context.newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await api.aVisitor({ userName: "with a passkey" });
    const csrf = await logIn("localhost", "with a passkey");
    const { body: creation } = await call("POST", "/api/v1/factors/passkey-options", undefined, csrf);
    const made = await page.evaluate(`navigator.credentials
      .create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(creation)}) })
      .then((credential) => credential.toJSON())`);
    const enrolled = await call("POST", "/api/v1/factors/passkeys", { name: "browser", response: made }, csrf);
    expect([enrolled.status, enrolled.body]).toEqual([201, expect.objectContaining({ csrf: expect.any(String) })]);
    const again = await call("POST", "/api/v1/auth/login", { userName: "with a passkey", password: PASSWORD });
    expect(again.body).toMatchObject({ stepUpNeeded: true, methods: ["passkey"] });
    const next = again.body.csrf as unknown as string;
    const { body: request } = await call("POST", "/api/v1/auth/passkey-challenge", undefined, next);
    const assertion = await page.evaluate(`navigator.credentials
      .get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(request)}) })
      .then((credential) => credential.toJSON())`);
    const proved = await call("POST", "/api/v1/auth/step-up", { assertion }, next);
    expect([proved.status, proved.body]).toEqual([200, expect.objectContaining({ strength: 3 })]);
    expect((await call("GET", "/api/v1/me")).body).toMatchObject({ session: { strength: 3 } });
  });
});
