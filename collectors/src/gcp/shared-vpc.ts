import { ProjectsClient } from "@google-cloud/compute/build/src/v1/projects_client.js";
import * as z from "zod";
import { createDeadline } from "../deadline.ts";
import type { ObserveContext } from "../observe.ts";
import type { Repetition } from "../retry.ts";
import { MalformedError } from "../values.ts";
import type { ComputeService, GcpApi } from "./api.ts";
import { callRepeatedly } from "./call.ts";
import { type GcpScopeError, toScopeError } from "./errors.ts";

/** Whether a project's networks are shared with others; `isHost` is undefined when it could not be found out. */
export interface SharedVpcHost {
  readonly isHost?: boolean;
  readonly error?: GcpScopeError;
}

/** Who is asked. */
export const SHARED_VPC_SERVICE: ComputeService = ProjectsClient;
const OPERATION = "compute.projects.get";
const computeProject = z.looseObject({ kind: z.literal("compute#project"), xpnProjectStatus: z.string().nullish() });

/** Asks Compute Engine whether the project is a shared VPC host. Never rejects. */
export async function askSharedVpcHost(view: {
  readonly context: ObserveContext;
  readonly api: GcpApi;
  readonly project: string;
  readonly repetition: Repetition;
}): Promise<SharedVpcHost> {
  const { context, api, project, repetition } = view;
  const deadline = createDeadline({ signal: context.signal, milliseconds: context.scopeDeadlineMilliseconds });
  try {
    const answer = computeProject.safeParse(
      await callRepeatedly({ api, deadline, repetition }, (to, signal) =>
        to.compute(SHARED_VPC_SERVICE, "get", { project }, signal),
      ),
    );
    if (!answer.success) throw new MalformedError("the answer is not a compute#project");
    return { isHost: answer.data.xpnProjectStatus === "HOST" };
  } catch (error) {
    return { error: toScopeError(error, OPERATION) };
  } finally {
    deadline.end();
  }
}
