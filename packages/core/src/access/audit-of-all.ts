import type { AuditRecord } from "@cadastre/contract/audit/record";
import { ProblemError } from "@cadastre/contract/errors";
import { type AuditFilter, listAuditOf } from "../audit/list.ts";
import { walkAudit } from "../audit/walk.ts";
import { type Actor, type Context, inOrganization } from "../context.ts";
import { organizationIds } from "../directory/organizations.ts";
import { inOrder } from "../in-order.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { requireSystemAdmin } from "./act-in.ts";

/** Each costs what a page of its own log does, if only some eight reads: a page of more would cost too much. */
const MOST_ORGANIZATIONS = 200;

/** All organizations, for who administers the system. Throws 403 `auth.forbidden`, 422 `request.invalid` when there are too many. */
async function contextsOfAll(context: Context, actor: Actor): Promise<Context[]> {
  await requireSystemAdmin(context, actor.principal);
  const ids = await organizationIds(context);
  if (ids.length > MOST_ORGANIZATIONS) {
    const message = `there are more than ${MOST_ORGANIZATIONS} organizations: ask for each by the header Cadastre-Organization`;
    throw new ProblemError("request.invalid", `organization: ${message}`, {
      errors: [{ path: "organization", message }],
    });
  }
  return ids.map((id) => inOrganization(context, id));
}

/**
 * The audit logs of all organizations as one list, for who administers the system. A page looks at as many records as one of a single log does, and reads
 * at least a little of each. Throws 403 `auth.forbidden`, 422 `cursor.invalid`, `request.invalid`.
 */
export async function listAuditOfAll(
  context: Context,
  actor: Actor,
  options: ListOptions & AuditFilter,
): Promise<Listed<AuditRecord>> {
  return listAuditOf(await contextsOfAll(context, actor), "audit-of-all", options);
}

/** The same whole, oldest first, between two times (ISO, both inclusive). Throws 403 `auth.forbidden`, 422 `request.invalid`, before anything is read. */
export async function walkAuditOfAll(
  context: Context,
  actor: Actor,
  span: Parameters<typeof walkAudit>[1],
): Promise<AsyncGenerator<AuditRecord>> {
  const contexts = await contextsOfAll(context, actor);
  const placeOf = ({ at, id }: AuditRecord) => `${at}#${id}`;
  return inOrder(
    contexts.map((own) => walkAudit(own, span)),
    (one, other) => placeOf(one) < placeOf(other),
  );
}
