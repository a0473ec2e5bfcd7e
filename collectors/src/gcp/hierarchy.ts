import * as z from "zod";
import { createLimit } from "../concurrency.ts";
import { createDeadline } from "../deadline.ts";
import type { LookContext } from "../observe.ts";
import { readPages } from "../pages.ts";
import type { Repetition } from "../retry.ts";
import { MalformedError } from "../values.ts";
import type { GcpApi } from "./api.ts";
import { callRepeatedly } from "./call.ts";
import { type GcpScopeError, toScopeError } from "./errors.ts";
import { PROJECT_ID } from "./project-id.ts";

/** The projects that were found, and why they are not all, if so. */
export interface Hierarchy {
  readonly projects: readonly string[];
  readonly problem?: GcpScopeError;
}

const page = z.looseObject({ nextPageToken: z.string().optional() });
const projectPage = page.extend({
  projects: z
    .array(z.looseObject({ projectId: z.string().regex(PROJECT_ID, "not a project's id"), state: z.string() }))
    .default([]),
});
const folderPage = page.extend({
  folders: z.array(z.looseObject({ name: z.string().regex(/^folders\/\d+$/), state: z.string() })).default([]),
});

const LIST_PROJECTS = "resourcemanager.projects.list";
const LIST_FOLDERS = "resourcemanager.folders.list";
/** Resource Manager's own limit for both lists. */
const PAGE_SIZE = 300;
const CALLS_AT_ONCE = 8;

/**
 * Every active project under a folder or organisation, at any depth, by Cloud Resource Manager v3 (whose lists go one level down).
 * A folder that cannot be listed is the problem; what the others hold is found all the same. Never rejects.
 */
export async function findProjects(view: {
  readonly context: LookContext;
  readonly api: GcpApi;
  readonly parent: string;
  readonly repetition: Repetition;
}): Promise<Hierarchy> {
  const { context, api, repetition } = view;
  const deadline = createDeadline({ signal: context.signal, milliseconds: context.scopeDeadlineMilliseconds });
  const limit = createLimit(CALLS_AT_ONCE);
  const projects = new Set<string>();
  const folders = new Set<string>();
  const problems: GcpScopeError[] = [];

  const listed = async <Answer extends z.output<typeof page>>(
    list: { readonly path: string; readonly operation: string; readonly schema: z.ZodType<Answer> },
    parent: string,
    take: (answer: Answer) => void,
  ): Promise<void> => {
    const read = async (pageToken: string | undefined) => {
      const params = { parent, pageSize: PAGE_SIZE, ...(pageToken === undefined ? {} : { pageToken }) };
      const sent = await limit(() =>
        callRepeatedly({ api, deadline, repetition }, (to, signal) => to.resourceManager(list.path, params, signal)),
      );
      const answer = list.schema.safeParse(sent);
      if (answer.success) return { answer: answer.data, next: answer.data.nextPageToken || undefined };
      throw new MalformedError(`the answer is not a list: ${answer.error.issues[0]?.message ?? ""}`);
    };
    const failure = await readPages(read, ({ answer }) => take(answer));
    if (!failure) return;
    const problem = toScopeError(failure.error, list.operation);
    problems.push({ ...problem, message: `${parent}: ${problem.message}`.slice(0, 1000) });
  };

  const walk = async (parent: string): Promise<void> => {
    const below: string[] = [];
    await Promise.all([
      listed({ path: "projects", operation: LIST_PROJECTS, schema: projectPage }, parent, (answer) => {
        for (const { projectId, state } of answer.projects) if (state === "ACTIVE") projects.add(projectId);
      }),
      listed({ path: "folders", operation: LIST_FOLDERS, schema: folderPage }, parent, (answer) => {
        below.push(...answer.folders.filter(({ state }) => state === "ACTIVE").map(({ name }) => name));
      }),
    ]);
    const unseen = below.filter((name) => !folders.has(name));
    for (const name of unseen) folders.add(name);
    await Promise.all(unseen.map(walk));
  };

  try {
    await walk(view.parent);
  } finally {
    deadline.end();
  }
  return { projects: [...projects].sort(), ...problemOf(view.parent, projects.size, problems) };
}

function problemOf(parent: string, count: number, problems: readonly GcpScopeError[]): { problem?: GcpScopeError } {
  const [first] = problems;
  if (first) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    return { problem: { ...first, message: `${first.message.slice(0, 900)}${more}` } };
  }
  if (count > 0) return {};
  return { problem: { code: "no_projects", message: `${parent} has no active project`, operation: LIST_PROJECTS } };
}
