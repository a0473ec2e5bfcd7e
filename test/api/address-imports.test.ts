import { gunzipSync, gzipSync } from "node:zlib";
import { importAddresses } from "@cadastre/core/addresses/imports/job";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";

const SPACES = "/api/v1/addressspaces";

let api: TestApi;
beforeAll(async () => {
  api = await anApi();
});
afterAll(() => api.close());

let spaces = 0;
async function aSpace(): Promise<string> {
  spaces += 1;
  const made = await api.send({ method: "POST", path: SPACES, body: { name: `space ${spaces}` } });
  return `${SPACES}/${String((await jsonOf(made)).id)}`;
}

interface Sent {
  readonly headers?: Record<string, string>;
  readonly query?: string;
}
const post = (space: string, file: string | Uint8Array, { headers = {}, query = "" }: Sent = {}) =>
  api.send({ method: "POST", path: `${space}/imports${query}`, body: Buffer.from(file), headers });
const put = (path: string, part: number, file: string | Uint8Array, headers = {}) =>
  api.send({ method: "PUT", path: `${path}/parts/${part}`, body: Buffer.from(file), headers });
const get = (path: string) => api.send({ method: "GET", path });
const run = () => runDueJobs(api.context, [importAddresses], { until: new Date(api.context.now().getTime() + 60_000) });

const FILE = "prefix,name\n10.0.0.0/8,all\n10.1.0.0/16,shop\n";

describe("an import", () => {
  it("of a small file is done when it is answered, and is there to be read", async () => {
    const space = await aSpace();
    const response = await post(space, FILE, { query: "?name=a.csv" });
    expect(response.status).toBe(201);
    const done = await jsonOf(response);
    expect(done).toMatchObject({ state: "done", name: "a.csv", counts: { create: 2 }, partsThere: 1 });
    expect(await jsonOf(await get(`${space}/imports/${String(done.id)}`))).toEqual(done);
    const other = await aSpace();
    expect(await outcomeOf(await get(`${other}/imports/${String(done.id)}`))).toBe("404 import.not_found");
    expect(await outcomeOf(await get(`${other}/imports/${String(done.id)}/problems`))).toBe("404 import.not_found");
    const cancel = `${space}/imports/${String(done.id)}/cancel`;
    expect(await outcomeOf(await api.send({ method: "POST", path: cancel }))).toBe("409 import.state");
  });

  it("lists what is wrong by pages", async () => {
    const space = await aSpace();
    const { id } = await jsonOf(await post(space, `prefix\n${"nonsense\n".repeat(5)}`));
    const path = `${space}/imports/${String(id)}/problems?limit=3`;
    const first = (await jsonOf(await get(path))) as { items: { row: number }[]; cursor: string };
    expect(first.items.map(({ row }) => row)).toEqual([2, 3, 4]);
    const second = (await jsonOf(await get(`${path}&cursor=${first.cursor}`))) as { items: { row: number }[] };
    expect(second.items.map(({ row }) => row)).toEqual([5, 6]);
  });

  it("is repeated under its key, and another file or another wish is not taken for it", async () => {
    const space = await aSpace();
    const headers = { "idempotency-key": "import-1" };
    const done = await jsonOf(await post(space, FILE, { headers }));
    expect(await jsonOf(await post(space, FILE, { headers }))).toEqual(done);
    expect(await outcomeOf(await post(space, "prefix\n11.0.0.0/8\n", { headers }))).toBe(
      "422 request.idempotency_reused",
    );
    expect(await outcomeOf(await post(space, FILE, { headers, query: "?dryRun=true" }))).toBe(
      "422 request.idempotency_reused",
    );
  });

  it("comes in parts, compressed, in any order and more than once, and begins with the last that is missing", async () => {
    const space = await aSpace();
    const headers = { "content-encoding": "gzip" };
    const parts = [FILE.slice(0, 20), FILE.slice(20, 33), FILE.slice(33)].map((part) => gzipSync(part));
    const [one, two, three] = parts as [Buffer, Buffer, Buffer];
    const begun = await jsonOf(await post(space, one, { headers, query: "?parts=3" }));
    expect(begun).toMatchObject({ state: "uploading", partsThere: 1 });
    const path = `${space}/imports/${String(begun.id)}`;
    expect(await outcomeOf(await api.send({ method: "POST", path: `${path}/cancel` }))).toBe("409 import.state");
    expect(await outcomeOf(await put(path, 4, three, headers))).toBe("422 request.invalid");
    expect(await outcomeOf(await put(path, 3, "plain"))).toBe("422 request.invalid");
    expect(await jsonOf(await put(path, 3, gzipSync("something else"), headers))).toMatchObject({ partsThere: 2 });
    expect(await jsonOf(await put(path, 3, three, headers))).toMatchObject({ state: "uploading", partsThere: 2 });
    expect(await jsonOf(await put(path, 2, two, headers))).toMatchObject({ state: "waiting", partsThere: 3 });
    expect(await outcomeOf(await put(path, 2, two, headers))).toBe("409 import.state");
    await run();
    expect(await jsonOf(await get(path))).toMatchObject({ state: "done", counts: { create: 2 } });
  });

  it("begins once, whichever of its parts come at once", async () => {
    const space = await aSpace();
    const rows = Array.from({ length: 6 }, (_, n) => `10.${n}.0.0/16\n`);
    const { id } = await jsonOf(await post(space, "prefix\n", { query: "?parts=7" }));
    const path = `${space}/imports/${String(id)}`;
    const all = await Promise.all(
      rows.map(async (row, n) => {
        // Of so many at once some are told that others were faster, and send again.
        for (;;) {
          const response = await put(path, n + 2, row);
          if (response.status !== 409) return (await jsonOf(response)).state;
          expect(await outcomeOf(response)).toBe("409 request.conflict");
        }
      }),
    );
    expect(all.filter((state) => state !== "uploading")).not.toEqual([]);
    await run();
    expect(await jsonOf(await get(path))).toMatchObject({ state: "done", counts: { create: 6 } });
  });

  it("takes no more than a part may have, no other compression, and no wish that it does not know", async () => {
    const space = await aSpace();
    expect(await outcomeOf(await post(space, Buffer.alloc(4 * 1024 * 1024 + 1)))).toBe("413 request.too_large");
    expect(await outcomeOf(await post(space, FILE, { headers: { "content-encoding": "br" } }))).toBe(
      "415 request.media_type",
    );
    for (const query of ["?mode=some", "?duplicates=x", "?parts=33", "?parts=0", "?column=prefix", "?dryRun=maybe"])
      expect(await outcomeOf(await post(space, FILE, { query })), query).toBe("422 request.invalid");
    const refused = await jsonOf(await post(space, FILE, { query: "?column=name=nothing" }));
    expect(refused).toMatchObject({ state: "refused", file: { reason: "mapping" } });
  });
});

describe("an export", () => {
  it("is a file of each form, named and typed", async () => {
    const space = await aSpace();
    await post(space, FILE);
    for (const [format, type] of [
      ["csv", "text/csv; charset=utf-8"],
      ["json", "application/json"],
      ["xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
      ["zip", "application/zip"],
    ] as const) {
      const response = await get(`${space}/export?format=${format}`);
      expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
      expect(response.headers.get("content-disposition")).toContain(`.${format}"`);
      const bytes = Buffer.from(await response.arrayBuffer());
      const plain = response.headers.get("content-encoding") === "gzip" ? gunzipSync(bytes) : bytes;
      if (format === "csv") expect(plain.toString().split("\r\n")[2]).toMatch(/^10\.1\.0\.0\/16,shop,/);
      else expect(plain.subarray(0, 2).toString()).toBe(format === "json" ? "[\n" : "PK");
    }
    expect(await outcomeOf(await get(`${space}/export?within=10.0.0.1/8`))).toBe("422 request.invalid");
  });
});
