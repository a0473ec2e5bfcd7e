import type { Table } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { anApiWithSource, type TestSource } from "./a-source.ts";
import { filled, readVectors, type Step, type Vector, valueAt } from "./vectors.ts";

/** Does a step and holds its answer to what is expected. */
async function take(source: TestSource, given: Step, saved: Map<string, string>): Promise<void> {
  const { send, expect: expected, save = {} } = filled(given, saved);
  const text = typeof send.body === "string" ? new TextEncoder().encode(send.body) : send.body;
  const { authorization, ...headers } = send.headers ?? {};
  const token = authorization === undefined ? {} : { token: authorization.replace("Bearer ", "") };
  const response = await source.send({ ...send, ...token, headers, ...(text === undefined ? {} : { body: text }) });
  const answered = await response.text();
  const place = `${send.method} ${send.path}: ${answered.slice(0, 600)}`;
  expect(response.status, place).toBe(expected.status);
  const body: unknown = answered === "" ? undefined : JSON.parse(answered);
  for (const [name, path] of Object.entries(save)) saved.set(name, String(valueAt(body, path)));
  const { headers: hasHeaders = {}, body: hasBody, absent = [] } = filled(given.expect, saved);
  if (body !== undefined) expect(response.headers.get("content-type")).toBe("application/scim+json");
  for (const [name, value] of Object.entries(hasHeaders)) expect(response.headers.get(name), name).toBe(value);
  if (hasBody !== undefined) expect(body, place).toMatchObject(hasBody as object);
  for (const path of absent) expect(valueAt(body, path), `${place} has ${path}`).toBeUndefined();
  if (response.status >= 400) expect(body).toEqual({ ...(body as object), detail: expect.stringMatching(/./) });
}

async function run({ steps }: Vector, openTable?: (now: () => Date) => Promise<Table>): Promise<void> {
  const { api, source } = await anApiWithSource(openTable ? { openTable } : {});
  try {
    const saved = new Map<string, string>();
    for (const step of steps) await take(source, step, saved);
  } finally {
    await api.close();
  }
}

const byFile = Map.groupBy(readVectors(), ({ file }) => file);

describe.each([...byFile])("%s, over SQLite", (_, vectors) => {
  it.each(vectors)("$name", (vector) => run(vector));
});

describe.each([...byFile])("%s, over DynamoDB", (_, vectors) => {
  it.each(vectors)("$name", (vector) =>
    run(vector, async () => {
      const { table, close } = await openDynamo();
      return { ...table, close };
    }),
  );
});
