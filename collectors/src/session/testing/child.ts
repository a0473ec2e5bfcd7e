import { readKeyFile } from "../../keys.ts";
import { createSession } from "../session.ts";
import { anInstance, instances, instancesOf, NOW, observing } from "./builders.ts";

/**
 * A collector in a process of its own that dies at a point as by `kill -9`: in the middle of observing, or at the first progress
 * event of that name. At `hang` it says that it observes, and waits to be killed.
 */
async function main([api, spoolDirectory, keyFile, point]: readonly string[]): Promise<void> {
  if (!api || !spoolDirectory || !keyFile) throw new Error("usage: child.ts API SPOOL KEY-FILE POINT");
  const die = () => process.kill(process.pid, "SIGKILL");
  const session = createSession({
    api,
    spoolDirectory,
    signer: readKeyFile(keyFile),
    now: () => NOW,
    log: () => undefined,
    collectorVersion: "test",
    signal: new AbortController().signal,
    onProgress: (event) => {
      if (event.type === point) die();
    },
  });
  await session.run([
    observing("us-east-1", instances(200)),
    async ({ recorder }) => {
      const scope = recorder.start(instancesOf("us-west-2"));
      for (let number = 0; number < 200; number++) scope.add(anInstance(number, { region: "us-west-2" }));
      if (point === "observing") die();
      if (point === "hang") {
        process.stdout.write("observing\n");
        setInterval(() => undefined, 1000);
        await new Promise(() => undefined);
      }
      scope.finish("complete");
    },
  ]);
}

await main(process.argv.slice(2));
