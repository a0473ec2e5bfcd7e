/*
 * What a month costs: public prices of us-east-1, times what the default deployment has and what was measured. Free tiers are left
 * out. The page of operations shows `costTables`, and a test compares; the counts of parts are compared with the template.
 */

/** Dollars, and when and where they stood. Prices do not often change; look at the page before you rely on one. */
export const PRICES = {
  read: { dollars: 0.125, per: 1e6, of: "DynamoDB read request units", date: "2024-11-01", page: "dynamodb/pricing" },
  write: { dollars: 0.625, per: 1e6, of: "DynamoDB write request units", date: "2024-11-01", page: "dynamodb/pricing" },
  stored: { dollars: 0.25, per: 1, of: "DynamoDB storage, GB and month", date: "2024-11-01", page: "dynamodb/pricing" },
  recovery: {
    dollars: 0.2,
    per: 1,
    of: "point-in-time recovery, GB and month",
    date: "2024-08-20",
    page: "dynamodb/pricing",
  },
  compute: {
    dollars: 0.0000133334,
    per: 1,
    of: "Lambda on arm64, GB-seconds",
    date: "2026-05-11",
    page: "lambda/pricing",
  },
  invocation: { dollars: 0.2, per: 1e6, of: "Lambda requests", date: "2026-05-11", page: "lambda/pricing" },
  request: { dollars: 1, per: 1e6, of: "HTTP API requests", date: "2026-09-20", page: "api-gateway/pricing" },
  event: {
    dollars: 1,
    per: 1e6,
    of: "EventBridge events of one's own",
    date: "2026-03-13",
    page: "eventbridge/pricing",
  },
  key: { dollars: 1, per: 1, of: "KMS keys", date: "2026-03-14", page: "kms/pricing" },
  signature: {
    dollars: 0.15,
    per: 1e4,
    of: "KMS signatures by an elliptic curve",
    date: "2026-03-14",
    page: "kms/pricing",
  },
  object: { dollars: 0.005, per: 1e3, of: "S3 objects put", date: "2026-02-07", page: "s3/pricing" },
  alarm: { dollars: 0.1, per: 1, of: "metrics that alarms look at", date: "2026-02-01", page: "cloudwatch/pricing" },
  metric: {
    dollars: 0.3,
    per: 1,
    of: "CloudWatch metrics of one's own",
    date: "2026-02-01",
    page: "cloudwatch/pricing",
  },
  dashboard: { dollars: 3, per: 1, of: "CloudWatch dashboards", date: "2026-02-01", page: "cloudwatch/pricing" },
  log: { dollars: 0.5, per: 1, of: "CloudWatch logs, GB", date: "2026-02-01", page: "cloudwatch/pricing" },
} as const;
type Price = keyof typeof PRICES;

const HOURS = 730;

/** Of the deployment of cdk.json: an AWS collector every 15 minutes, an endpoint collector every hour. */
export const PARTS = {
  keys: 6,
  /** Each metric that an alarm looks at counts; these two are rounded up. */
  alarmMetrics: 45,
  metrics: 30,
  dashboards: 1,
  runs: HOURS * (4 + 1),
  jobInvocations: HOURS * 60,
  jobGigabytes: 0.5,
  collectorGigabytes: 1,
  apiGigabytes: 1769 / 1024,
} as const;

/** Measured; `test/flows` holds bounds of them. */
export const MEASURED = {
  /** A look at the audit log when there is nothing to seal, with the job's run. */
  sealing: { read: 17.2, write: 33.1 },
  firstWrites: 10.7,
  unchanged: { read: 2, write: 5 },
  change: { read: 16.5, write: 39 },
  /** In a file of 2,000 resources, indexes included. */
  resourceBytes: 4800,
  changeBytes: 1500,
} as const;

/** What is supposed: put your own in their place. */
export const SUPPOSED = {
  /** Resources that change in a day. */
  changing: 0.01,
  keptDays: 400,
  /** Requests of people and their tools, each of so many units and seconds. */
  requests: 100_000,
  requestReads: 6,
  requestSeconds: 0.05,
  /** Minutes in which something is recorded, each of which has a checkpoint. */
  recordedMinutes: 0.5,
  jobSeconds: 0.2,
  /** Of the table, each minute. */
  jobReads: 10,
  logBytesPerRequest: 1500,
} as const;

/** Sizes, with the seconds that a run of the collectors takes: clouds are slow, and most of it is waiting for them. */
export const SIZES = [
  { resources: 10_000, runSeconds: 30 },
  { resources: 100_000, runSeconds: 120 },
  { resources: 1_000_000, runSeconds: 800 },
] as const;

const dollars = (price: Price, count: number) => (PRICES[price].dollars * count) / PRICES[price].per;

/** What is paid however little there is. */
export function fixedCost(): Readonly<Record<string, number>> {
  return {
    "alarms, metrics, dashboard":
      dollars("alarm", PARTS.alarmMetrics) + dollars("metric", PARTS.metrics) + dollars("dashboard", PARTS.dashboards),
    keys: dollars("key", PARTS.keys),
    "jobs, every minute":
      dollars("compute", PARTS.jobInvocations * PARTS.jobGigabytes * SUPPOSED.jobSeconds) +
      dollars("invocation", PARTS.jobInvocations) +
      dollars("read", PARTS.jobInvocations * SUPPOSED.jobReads),
    "the audit log, sealed each minute":
      dollars("read", PARTS.jobInvocations * MEASURED.sealing.read) +
      dollars("write", PARTS.jobInvocations * MEASURED.sealing.write) +
      dollars("signature", PARTS.jobInvocations * SUPPOSED.recordedMinutes) +
      dollars("object", PARTS.jobInvocations * SUPPOSED.recordedMinutes),
  };
}

/** What grows with the estate, in a month. */
export function growingCost({ resources, runSeconds }: (typeof SIZES)[number]): Readonly<Record<string, number>> {
  const changes = resources * SUPPOSED.changing * (HOURS / 24);
  const kept = resources * SUPPOSED.changing * SUPPOSED.keptDays;
  const gigabytes = (resources * MEASURED.resourceBytes + kept * MEASURED.changeBytes) / 1e9;
  const requests = SUPPOSED.requests + 3 * PARTS.runs;
  return {
    "runs of the collectors": dollars("compute", PARTS.runs * PARTS.collectorGigabytes * runSeconds),
    "unchanged runs, in the table":
      dollars("read", PARTS.runs * MEASURED.unchanged.read) + dollars("write", PARTS.runs * MEASURED.unchanged.write),
    "changes, in the table":
      dollars("read", changes * MEASURED.change.read) + dollars("write", changes * MEASURED.change.write),
    "changes, told": dollars("event", changes),
    "storage and recovery": dollars("stored", gigabytes) + dollars("recovery", gigabytes),
    requests:
      dollars("request", requests) +
      dollars("read", SUPPOSED.requests * SUPPOSED.requestReads) +
      dollars("compute", requests * PARTS.apiGigabytes * SUPPOSED.requestSeconds) +
      dollars("log", (requests * SUPPOSED.logBytesPerRequest) / 1e9) +
      dollars("signature", 3 * PARTS.runs),
  };
}

const sum = (parts: Readonly<Record<string, number>>) => Object.values(parts).reduce((all, one) => all + one, 0);
const cents = (value: number) => value.toFixed(2);

/** The tables of the page: what a month costs, and with which prices. */
export function costTables(): { readonly month: string; readonly prices: string } {
  const columns = SIZES.map((size) => ({ fixed: fixedCost(), growing: growingCost(size), size }));
  const row = (name: string, values: readonly number[]) => `| ${name} | ${values.map(cents).join(" | ")} |`;
  const rowsOf = (part: "fixed" | "growing") =>
    Object.keys(columns[0]?.[part] ?? {}).map((name) =>
      row(
        name,
        columns.map((one) => one[part][name] ?? 0),
      ),
    );
  const month = [
    `| dollars a month | ${SIZES.map(({ resources }) => resources.toLocaleString("en")).join(" | ")} |`,
    "|---|---|---|---|",
    ...rowsOf("fixed"),
    ...rowsOf("growing"),
    row(
      "**together**",
      columns.map(({ fixed, growing }) => sum(fixed) + sum(growing)),
    ),
    row(
      "of it fixed",
      columns.map(({ fixed }) => sum(fixed)),
    ),
    row(
      "once, the first run",
      SIZES.map(({ resources }) => dollars("write", resources * MEASURED.firstWrites)),
    ),
  ];
  const prices = Object.values(PRICES).map(
    ({ dollars: price, per, of, date, page }) =>
      `| ${per === 1 ? "" : `${per.toLocaleString("en")} `}${of} | ${price} | ${date} | aws.amazon.com/${page} |`,
  );
  return {
    month: month.join("\n"),
    prices: ["| what | dollars | as of | page |", "|---|---|---|---|", ...prices].join("\n"),
  };
}
