import { endReservations } from "./addresses/allocation/end-reservations.ts";
import { emptySpace } from "./addresses/deletion/empty-space.ts";
import { observeJob } from "./addresses/discovered/observe-job.ts";
import { importAddresses } from "./addresses/imports/job.ts";
import { takeSnapshots } from "./addresses/snapshots/take.ts";
import { removePrefixes } from "./addresses/tree/delete-subtree.ts";
import { emptyGroup } from "./directory/empty-group.ts";
import { approveHoldJob } from "./discovery/approve-hold.ts";
import { endSightings } from "./discovery/end-sightings.ts";
import { staleScopes } from "./discovery/stale-scopes.ts";
import { forgetScopes } from "./forgetting/forget-scopes.ts";
import type { Job } from "./jobs/define.ts";
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
  importAddresses,
  emptyGroup,
  auditSeal,
  auditRetention,
  emptyScimSource,
  takeSnapshots,
  observeJob,
  removePrefixes,
  endReservations,
  emptySpace,
];
