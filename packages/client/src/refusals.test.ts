import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiError } from "./api-error.ts";
import { type Client, createClient } from "./client.ts";
import { aCredential, aResource, ULID } from "./testing/builders.ts";
import { type Answer, type Stub, startStub } from "./testing/stub.ts";

let stub: Stub;
let client: Client;
let received: Stub["received"];
let answers: Stub["answers"];

beforeEach(async () => {
  stub = await startStub();
  ({ received, answers } = stub);
  client = createClient({ baseUrl: stub.baseUrl, token: "cad_token" });
});
afterEach(() => stub.close());

const failure = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error as ApiError,
  );

describe("what is refused", () => {
  test("says what the API said", async () => {
    const problem = {
      type: "about:blank",
      title: "It was changed meanwhile",
      status: 412,
      code: "request.precondition_failed",
      detail: "version is 5",
      requestId: `req_${ULID}`,
      errors: [{ path: "notes", message: "too long" }],
      error: { code: "request.precondition_failed", message: "version is 5" },
    };
    answers.push({ status: 412, type: "application/problem+json", body: problem });
    const error = await failure(client.resources.annotate({ id: "res_1", notes: "n", version: 3 }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: "request.precondition_failed",
      status: 412,
      detail: "version is 5",
      message: "version is 5",
      errors: problem.errors,
      requestId: problem.requestId,
    });
  });

  test.each<[string, Answer, string]>([
    [
      "a proxy's page",
      { status: 502, type: "text/html", body: "<html>Bad gateway</html>" },
      "was answered 502 (text/html) and not by a problem document",
    ],
    [
      "a redirect, which is never followed with the token",
      { status: 302, type: "text/html", body: "" },
      "was answered 302",
    ],
    [
      "a page that says OK",
      { status: 200, type: "text/html", body: "<html>hello</html>" },
      "in a form that this client does not know",
    ],
    ["a resource without its name", { body: { ...aResource, name: undefined } }, "does not know (name: "],
  ])("by something that is not the API (%s) says so", async (_, answer, message) => {
    answers.push(answer);
    const error = await failure(client.resources.get({ id: "res_1" }));
    expect(error).toMatchObject({ code: "api.unknown_answer", status: answer.status ?? 200 });
    expect(error?.message).toContain(message);
    expect(received.length).toBe(1);
  });

  test("repeats no secret of an answer that it cannot read", async () => {
    answers.push({ body: { ...aCredential, version: "x", secret: { type: "generic", secret: "c4nary" } } });
    const error = await failure(client.credentials.reveal({ id: "crd_1" }));
    expect(
      JSON.stringify([error?.message, error?.detail, error?.errors, error?.stack, String(error?.cause)]),
    ).not.toContain("c4nary");
  });

  test("by nobody, since nothing listens, names the address and the reason", async () => {
    await stub.close();
    const error = await failure(client.tokens.list());
    expect(error).toMatchObject({ code: "api.unreachable", status: 0 });
    expect(error?.message).toMatch(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/);
  });

  test("in too long a time is unreachable", async () => {
    const hanging: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error)),
      );
    const error = await failure(
      createClient({ baseUrl: stub.baseUrl, token: "t", fetch: hanging, timeoutMilliseconds: 5 }).tokens.list(),
    );
    expect(error).toMatchObject({ code: "api.unreachable" });
  });

  test.each(["", "localhost:8787", "ftp://x/"])("an address such as %j at once", (address) => {
    expect(() => createClient({ baseUrl: address, token: "t" })).toThrow("the API's address must be a URL like");
  });
});
