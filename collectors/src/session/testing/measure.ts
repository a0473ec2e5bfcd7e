import { readKeyFile } from "../../keys.ts";
import type { Observe } from "../../observe.ts";
import { createSession } from "../session.ts";
import { instances, instancesOf, NOW } from "./builders.ts";

const collectGarbage = (globalThis as { gc?: () => void }).gc ?? (() => undefined);
let [heapBytes, arrayBytes] = [0, 0];

/** Notes the live memory: after a collection, so that garbage that waits for one does not count. */
function sample(): void {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  heapBytes = Math.max(heapBytes, heapUsed);
  arrayBytes = Math.max(arrayBytes, external);
}

/** Prints what a run of so many resources in one scope keeps in memory at its worst moments, until all are uploaded. */
async function main([api, spoolDirectory, keyFile, count]: readonly string[]): Promise<void> {
  if (!api || !spoolDirectory || !keyFile) throw new Error("usage: measure.ts API SPOOL KEY-FILE COUNT");
  const stop = new AbortController();
  let spooledBytes = 0;
  const observe: Observe = async ({ recorder }) => {
    const scope = recorder.start(instancesOf("us-east-1"));
    for (const resource of instances(Number(count))) {
      scope.add(resource);
      spooledBytes += JSON.stringify(resource).length;
      if (scope.count % 10_000 === 0) sample();
    }
    scope.finish("complete");
  };
  const session = createSession({
    api,
    signer: readKeyFile(keyFile),
    spoolDirectory,
    now: () => NOW,
    log: () => undefined,
    collectorVersion: "test",
    signal: stop.signal,
    onProgress: (event) => {
      if (event.type === "scope-finished" || event.type === "run-opened") sample();
      if (event.type !== "uploading") return;
      if (event.uploaded % 16 === 0) sample();
      // What the API makes of it takes no memory here, and much time there.
      if (event.uploaded === event.shards) stop.abort();
    },
  });
  await session.run([observe]);
  process.stdout.write(JSON.stringify({ heapBytes, arrayBytes, spooledBytes }));
}

await main(process.argv.slice(2));
