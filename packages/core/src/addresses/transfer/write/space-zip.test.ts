import { unzipSync } from "fflate";
import { expect, it } from "vitest";
import { collect, collectBytes, each, understand } from "../testing/files.ts";
import { writeSpaceZip } from "./space-zip.ts";

const about = { space: "space_1", name: "one", at: new Date("2031-01-31T12:00:00Z") };
const prefix = {
  prefix: "10.0.0.0/8",
  name: "=ten",
  description: "",
  status: "active",
  pool: false,
  tags: { a: "b" },
  owner: "",
  attributes: {},
};

it("all of a space in one archive, each kind in a file that is read again", async () => {
  const contents = {
    prefixes: each([prefix]),
    ranges: each([
      { start: "10.0.0.1", end: "10.0.0.9", populated: true, utilized: false, name: "r", description: "" },
    ]),
    tags: each([
      {
        name: "a",
        type: "Inheritable",
        knownValues: ["b"],
        attributes: {},
        implies: { c: { b: "d" } },
      },
    ]),
    vlans: each([{ vid: 100, name: "v", group: "g", description: "" }]),
  };
  const files = unzipSync(await collectBytes(writeSpaceZip(contents, about)));
  expect(Object.keys(files)).toEqual(["prefixes.csv", "ranges.csv", "tags.csv", "vlans.csv", "manifest.json"]);
  const kinds = [];
  for (const name of ["prefixes.csv", "ranges.csv", "vlans.csv"]) {
    const { records, problems } = await understand(files[name] as Uint8Array);
    expect(problems).toEqual([]);
    kinds.push(records);
  }
  expect(kinds).toMatchObject([
    [{ prefix: "10.0.0.0/8", name: "=ten", tags: { a: "b" } }],
    [{ start: "10.0.0.1", end: "10.0.0.9", populated: true }],
    [{ vid: 100, group: "g" }],
  ]);
  expect(JSON.parse(Buffer.from(files["manifest.json"] as Uint8Array).toString())).toEqual({
    space: "space_1",
    name: "one",
    exportedAt: "2031-01-31T12:00:00.000Z",
    files: { "prefixes.csv": 1, "ranges.csv": 1, "tags.csv": 1, "vlans.csv": 1 },
  });
});

it("an archive breaks off where what it is made of does", async () => {
  const broken = async function* () {
    yield prefix;
    throw new Error("the table is gone");
  };
  const contents = { prefixes: broken(), ranges: each([]), tags: each([]), vlans: each([]) };
  await expect(collect(writeSpaceZip(contents, about))).rejects.toThrow("the table is gone");
});

it("holds no more than a few rows of what it writes", async () => {
  let given = 0;
  let isClosed = false;
  const endless = async function* () {
    try {
      for (;;) yield { ...prefix, name: `${++given} ${"🏠".repeat(given % 50)}` };
    } finally {
      isClosed = true;
    }
  };
  const archive = writeSpaceZip({ prefixes: endless(), ranges: each([]), tags: each([]), vlans: each([]) }, about);
  await archive.next();
  await archive.next();
  const before = given;
  await new Promise((resolve) => setImmediate(resolve));
  expect(given - before).toBeLessThan(5_000);
  await archive.return(undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(true);
});
