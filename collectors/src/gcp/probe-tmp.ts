import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { writeFileSync } from "node:fs";
const estate = createGcpEstate({ seed: "memory", projects: 1, instances: 100_000, regions: ["us-central1", "us-east1"] });
const sim = await startGcpSimulator({ estate, faults: createFaults(), now: () => new Date() });
writeFileSync("/tmp/gcpprobe/key.json", JSON.stringify(sim.serviceAccountKey));
console.log(sim.url, estate.projects[0]!.projectId);
