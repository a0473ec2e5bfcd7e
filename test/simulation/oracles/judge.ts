import type { ApiLine } from "../api.ts";
import type { Facts } from "../facts.ts";
import { judgeAnswers } from "./answers.ts";
import { judgeCoverage } from "./coverage.ts";
import { judgeFeed } from "./feed.ts";
import { judgeHistories } from "./history.ts";
import { judgeJobs } from "./jobs.ts";
import { judgeLeases } from "./leases.ts";
import { judgeRecords } from "./records.ts";
import { judgeSaid } from "./said.ts";
import { judgeTurns } from "./turns.ts";

/** What must hold at any time, whatever happened. */
export function judge(facts: Facts, errors: readonly ApiLine[]): string[] {
  return [
    ...judgeAnswers(facts, errors),
    ...judgeHistories(facts),
    ...judgeRecords(facts),
    ...judgeSaid(facts),
    ...judgeFeed(facts),
    ...judgeJobs(facts),
    ...judgeLeases(facts),
    ...judgeTurns(facts),
    ...judgeCoverage(facts),
  ];
}
