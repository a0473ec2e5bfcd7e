import { mkdtempSync, rmSync, statSync } from "node:fs";
import { DEFAULT_HOLD_POLICY } from "@cadastre/core/context";
import { completeRun } from "@cadastre/core/discovery/complete";
import { openRun } from "@cadastre/core/discovery/open";
import { uploadShard } from "@cadastre/core/discovery/upload";
import { openSqliteTable } from "@cadastre/store/sqlite";
import { observeEstate } from "/work/main/test/bench/estate.ts";
import { ACTOR, aRun, REPORTER } from "/work/main/test/support/estate.ts";

const N = +process.argv[2] || 10000,
  conc = +process.argv[3] || 4;
const scopes = [];
await observeEstate(
  N,
  0,
)({
  recorder: {
    start: (key) => {
      const resources = [];
      return {
        add: (r) => resources.push(JSON.parse(JSON.stringify({ name: "", tags: {}, ...r }))),
        finish: () => scopes.push({ key, resources }),
      };
    },
  },
});
const reporter = { ...REPORTER };
const run = aRun(scopes);
const body = run.body();
const dir = mkdtempSync("/tmp/inproc-");
const now = () => new Date();
const table = openSqliteTable({ path: dir + "/x.db", now });
const context = { table, now, holdPolicy: DEFAULT_HOLD_POLICY };
const c = process.cpuUsage(),
  t = performance.now();
const opened = await openRun(context, ACTOR, reporter, body);
const wants = opened.scopes.flatMap((v, at) => (v.want ?? []).map((shard) => [at, shard])).values();
await Promise.all(
  Array.from({ length: conc }, async () => {
    for (const [at, shard] of wants) await run.upload(context, at, shard);
  }),
);
await run.complete(context);
const u = process.cpuUsage(c);
console.log(
  "wall",
  ((performance.now() - t) / 1000).toFixed(2),
  "user",
  (u.user / 1e6).toFixed(2),
  "sys",
  (u.system / 1e6).toFixed(2),
  "units",
  table.meter.units,
  "rss",
  (process.resourceUsage().maxRSS / 1024) | 0,
  "db MB",
  (statSync(dir + "/x.db").size / 1e6) | 0,
  globalThis.groups ?? "",
);
await table.close();
rmSync(dir, { recursive: true });
