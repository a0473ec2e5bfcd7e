import { kindOfId } from "@cadastre/contract/resource";
import type { Provider } from "@cadastre/contract/scope";
import type { Resource, ResourcePatch } from "@cadastre/contract/view";
import type { Actor, Context } from "../context.ts";
import { requirePlace } from "../restriction.ts";
import { annotate, type Said } from "../said/annotate.ts";
import { indexWrites } from "../subjects/index-writes.ts";
import { ownerEntries } from "../subjects/keys.ts";
import { countListed } from "./counts.ts";
import { facetsOfItem, indexedAs } from "./entries.ts";
import { resourceSubject } from "./items.ts";
import { readResource, toResources } from "./view.ts";

/** One resource, active or retired, by its natural id or its short id. Throws `resource.not_found`. */
export async function getResource(context: Context, id: string): Promise<Resource> {
  return toOne(await toResources(context, [await readResource(context, id)]));
}

function toOne([resource]: readonly Resource[]): Resource {
  return resource as Resource;
}

/**
 * Sets an operator's notes or owner, which no sync touches and which touch no sync. `version` is what the operator saw
 * (If-Match), of what is said alone: 412 `request.precondition_failed` when somebody said something else since, and nothing is
 * written. Answers what stands from now on, whatever a replica still has. Throws 403 `auth.forbidden` for what another account owns
 * and only shows to the caller's. Writes said, event, feed, index and audit items.
 */
export async function annotateResource(
  context: Context,
  actor: Actor,
  id: string,
  patch: ResourcePatch,
  version?: number,
): Promise<Resource> {
  const resource = await readResource(context, id, { consistent: true });
  const { idHash, kind, provider, account, region } = resource;
  // What is shown to an account is not its own, and what is said of it is for its owner's people to say.
  if (kindOfId(resource.id)?.account !== undefined) requirePlace(context, resource);
  const annotated = {
    subject: resourceSubject(idHash),
    id: resource.id,
    place: { kind, provider, account, region, network: facetsOfItem(resource).network },
    indexed: (before: Said, after: Said) =>
      indexWrites(ownerEntries(indexedAs(resource), before.owner), ownerEntries(indexedAs(resource), after.owner)),
  };
  await annotate(context, actor, annotated, patch, { version });
  return toOne(await toResources(context, [resource], { consistent: true }));
}

/** Whether an account has any resource that is not retired, its own or one that others share with it. */
export async function hasActiveResources(context: Context, provider: Provider, account: string): Promise<boolean> {
  return (await countListed(context, { provider, account })) > 0;
}
