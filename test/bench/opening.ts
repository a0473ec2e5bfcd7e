import { startDynamoEngine } from "../support/dynamo-engine.ts";
import { startProcess } from "./calls.ts";
import type { ClientHandlers } from "./client-process.ts";
import type { Benchmark, Figure } from "./figure.ts";
import { aKeyPair, startApi } from "./processes.ts";

/** What Lambda gives a function of 1,024 MB of a core: one has a whole core at 1,769 MB. */
const SHARE_OF_A_CORE = 1024 / 1769;

/**
 * Opens runs of as many scopes as one may have: for the first time, the same again, and changed. The engine and the client have
 * processes of their own, so the CPU time is the API's alone, and at Lambda's share of a core it takes so much longer.
 */
export const opening: Benchmark = {
  name: "opening",
  about: "a signed request that opens a run of 20,000 scopes, over a DynamoDB engine on loopback",
  async run({ isQuick, directory, say }) {
    const scopes = isQuick ? 2000 : 20_000;
    const engine = await startDynamoEngine();
    const key = aKeyPair();
    const api = await startApi({ directory, keys: [key], endpoint: engine.endpoint });
    const client = startProcess<ClientHandlers>("./client-process.ts");
    try {
      const figures: Figure[] = [];
      for (const [name, variant] of [
        ["first", 0],
        ["again, not completed", 0],
        ["every scope changed", 1],
      ] as const) {
        say(name);
        await api.process.call("begin", undefined as never);
        const { seconds } = await client.call("open", { url: api.url, privateKey: key.privateKey, scopes, variant });
        const { cpuSeconds, units, wireBytes } = await api.process.call("end", undefined as never);
        const label = `${scopes.toLocaleString("en")} scopes, ${name}`;
        figures.push(
          { name: `${label}: time`, value: seconds, unit: "s" },
          { name: `${label}: CPU of the API`, value: cpuSeconds, unit: "s" },
          { name: `${label}: that CPU at 1,024 MB of Lambda`, value: cpuSeconds / SHARE_OF_A_CORE, unit: "s" },
          { name: `${label}: read`, value: units.read, unit: "units" },
          { name: `${label}: write`, value: units.write, unit: "units" },
          { name: `${label}: on the wire`, value: (wireBytes.in + wireBytes.out) / 1e3, unit: "KB" },
        );
      }
      return figures;
    } finally {
      await client.stop();
      await api.process.stop();
      await engine.stop();
    }
  },
};
