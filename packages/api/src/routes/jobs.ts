import { jobs } from "@cadastre/contract/endpoints/jobs";
import { JOBS } from "@cadastre/core/jobs";
import { cancelJob } from "@cadastre/core/jobs/cancel";
import { getJob, listJobDefinitions, listJobs } from "@cadastre/core/jobs/list";
import { runJob } from "@cadastre/core/jobs/start";
import { implement } from "./route.ts";

export const JOB_ROUTES = implement(jobs, {
  async list({ context, query }) {
    const runs = await listJobs(context, query);
    return query.cursor === undefined ? { ...runs, definitions: await listJobDefinitions(context, JOBS) } : runs;
  },
  get: ({ context, params }) => getJob(context, params.id),
  run: {
    handle: async ({ context, actor, params }) => getJob(context, await runJob(context, actor, JOBS, params.name)),
    replay: ({ context }, { target }) => getJob(context, target),
  },
  async cancel({ context, actor, params }) {
    await cancelJob(context, actor, params.id);
    return getJob(context, params.id);
  },
});
