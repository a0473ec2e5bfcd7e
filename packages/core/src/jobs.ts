import { observeJob } from "./addresses/discovered/observe-job.ts";
import {
  DELETE_SPACE,
  END_RESERVATIONS,
  IMPORT_ADDRESSES,
  REMOVE_PREFIXES,
  TAKE_SNAPSHOTS,
} from "./addresses/job-heads.ts";
import { emptyGroup } from "./directory/empty-group.ts";
import { approveHoldJob } from "./discovery/approve-hold.ts";
import { endSightings } from "./discovery/end-sightings.ts";
import { staleScopes } from "./discovery/stale-scopes.ts";
import { forgetScopes } from "./forgetting/forget-scopes.ts";
import { defineJobOnDemand, type Job } from "./jobs/define.ts";
import { retention } from "./retention/retention.ts";
import { emptyScimSource } from "./scim/empty-source.ts";
import { auditRetention } from "./seals/retain.ts";
import { auditSeal } from "./seals/seal.ts";

/** Every job there is: what runners run, and what the API lists. */
export const JOBS: readonly Job[] = [
  retention,
  staleScopes,
  approveHoldJob,
  endSightings,
  forgetScopes,
  defineJobOnDemand(IMPORT_ADDRESSES, async () => (await import("./addresses/imports/job.ts")).importAddresses),
  emptyGroup,
  auditSeal,
  auditRetention,
  emptyScimSource,
  defineJobOnDemand(TAKE_SNAPSHOTS, async () => (await import("./addresses/snapshots/take.ts")).takeSnapshots),
  observeJob,
  defineJobOnDemand(REMOVE_PREFIXES, async () => (await import("./addresses/tree/delete-subtree.ts")).removePrefixes),
  defineJobOnDemand(
    END_RESERVATIONS,
    async () => (await import("./addresses/allocation/end-reservations.ts")).endReservations,
  ),
  defineJobOnDemand(DELETE_SPACE, async () => (await import("./addresses/deletion/empty-space.ts")).emptySpace),
];
