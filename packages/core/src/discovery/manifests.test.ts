import { ConflictError } from "@cadastre/store/errors";
import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import { ManifestItem } from "./items.ts";
import { createManifestWrites } from "./manifests.ts";

const KEY = { source: "s", name: "aws/111122223333/us-east-1/instance", shardCount: 1, shard: 0 };
const bytes = new Uint8Array();
const aManifest = (digest: string): ManifestItem => {
  return { ...KEY, digest, entries: bytes, missing: bytes, run: "run_1", created: 0, updated: 0, unchanged: 0 };
};

describe("a manifest that is written several times", () => {
  const read = async (context: ReturnType<typeof aContext>) =>
    context.table.get(ManifestItem, KEY, { consistent: true });

  it("is each time at the version of the time before", async () => {
    const context = aContext();
    const toWrite = createManifestWrites(context, KEY, undefined);
    for (const digest of ["a", "b", "c"]) await context.table.commit([await toWrite(aManifest(digest))]);
    expect(await read(context)).toMatchObject({ digest: "c" });
  });

  it("goes on where a commit was refused", async () => {
    const context = aContext();
    await context.table.commit([put(ManifestItem, aManifest("known"))]);
    const toWrite = createManifestWrites(context, KEY, await read(context));
    await toWrite(aManifest("refused"));
    await context.table.commit([await toWrite(aManifest("a"))]);
    expect(await read(context)).toMatchObject({ digest: "a" });
  });

  it("is a conflict when somebody else has written it in between", async () => {
    const context = aContext();
    const toWrite = createManifestWrites(context, KEY, undefined);
    await context.table.commit([await toWrite(aManifest("a"))]);
    await context.table.commit([put(ManifestItem, aManifest("other"))]);
    await expect(toWrite(aManifest("b"))).rejects.toThrow(ConflictError);
    const late = createManifestWrites(context, KEY, undefined);
    await expect(context.table.commit([await late(aManifest("b"))])).rejects.toThrow(ConflictError);
  });
});
