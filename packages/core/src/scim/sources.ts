import { ProblemError } from "@cadastre/contract/errors";
import { ID_PREFIXES, newId } from "@cadastre/contract/ids";
import {
  type CreatedScimSource,
  type NewScimSource,
  type ScimSource,
  scimSource,
} from "@cadastre/contract/scim-source";
import { create, remove, type Stored } from "@cadastre/store/table";
import { TokenItem, TokenListItem } from "../access/items.ts";
import { newTokenText } from "../access/token-text.ts";
import { toTokenItem } from "../access/tokens.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context, type Principal } from "../context.ts";
import { ServiceAccountItem } from "../directory/items.ts";
import { commitNamed } from "../directory/named.ts";
import { placeWrites, unplaceWrites } from "../directory/names.ts";
import { nameOfPrincipal, readPrincipal } from "../directory/principals.ts";
import { toServiceAccountItem } from "../directory/service-accounts.ts";
import { newRun } from "../jobs/start.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { EMPTY_SCIM_SOURCE } from "./empty-source.ts";
import { SCIM_SOURCES_PARTITION, ScimSourceItem, ScimSourceListItem } from "./items.ts";

/** Where SCIM is spoken. */
export const SCIM_PATH = "/scim/v2";
const TOKEN_SECONDS = 366 * 86_400;

const viewIn =
  ({ organization }: Context) =>
  (stored: Stored<ScimSourceItem>): ScimSource =>
    scimSource.parse({ ...stored, organization });

/** A source and the service account that acts for it have one number: each is found by the other. */
const sourceIdOf = (serviceAccount: string): string =>
  `${ID_PREFIXES.scimSource}_${serviceAccount.slice(ID_PREFIXES.serviceAccount.length + 1)}`;
const accountIdOf = (source: string): string =>
  `${ID_PREFIXES.serviceAccount}_${source.slice(ID_PREFIXES.scimSource.length + 1)}`;

/** One source as it is stored. Throws 404 `scim-source.not_found`. */
export async function requireSource({ table }: Pick<Context, "table">, id: string): Promise<Stored<ScimSourceItem>> {
  const stored = await table.get(ScimSourceItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("scim-source.not_found");
  return stored;
}

/** The source that a principal acts for. Throws 403 `auth.forbidden` for who acts for none. One read unit. */
export async function sourceOf(context: Pick<Context, "table">, { type, id }: Principal): Promise<string> {
  const source = type === "service-account" ? sourceIdOf(id) : undefined;
  const stored = source && (await context.table.get(ScimSourceItem, { id: source }, { consistent: true }));
  if (!stored) throw new ProblemError("auth.forbidden", "this is for the tokens of SCIM sources");
  return stored.id;
}

/**
 * Makes a source with a service account that acts for it, and its first token, whose text is in this answer and nowhere else ever again.
 * It sees and changes nothing but what it makes or an admin gives it. Throws 409 `service-account.name_taken`. Writes source, service
 * account and token with their places, and one audit record.
 */
export async function createScimSource(
  context: Context,
  actor: Actor,
  { name, expiresInSeconds = TOKEN_SECONDS }: NewScimSource,
): Promise<CreatedScimSource> {
  const now = context.now();
  const id = newId("scimSource", now);
  const tokenId = newId("token", now);
  const text = newTokenText(tokenId);
  const serviceAccount = accountIdOf(id);
  const createdBy = actorName(actor);
  const { organization } = context;
  const source: ScimSourceItem = { id, name, serviceAccount, createdAt: now.toISOString(), createdBy };
  const accountName = `scim: ${name}`;
  const token = toTokenItem(
    tokenId,
    text,
    { name: accountName, scopes: ["scim:provision"], expiresInSeconds },
    { now, createdBy, organization, principal: { type: "service-account", id: serviceAccount }, epoch: 0 },
  );
  await retryOnConflict(() =>
    commitNamed(
      context,
      actor,
      { type: "service-account", name: accountName },
      [
        ...placeWrites({ type: "service-account", id: serviceAccount, organization }, accountName),
        create(ServiceAccountItem, toServiceAccountItem(serviceAccount, accountName, { now, createdBy })),
        create(ScimSourceItem, source),
        create(ScimSourceListItem, { id }),
        create(TokenItem, token),
        create(TokenListItem, { id: tokenId }),
      ],
      {
        action: "scim-source.create",
        target: id,
        changes: changesBetween(undefined, { name, serviceAccount, token: tokenId, expiresAt: token.expiresAt }),
      },
    ),
  );
  const made = viewIn(context)(await requireSource(context, id));
  return { ...made, url: SCIM_PATH, token: text, tokenId, expiresAt: token.expiresAt };
}

/** One source. Throws 404 `scim-source.not_found`. */
export async function getScimSource(context: Context, id: string): Promise<ScimSource> {
  return viewIn(context)(await requireSource(context, id));
}

/** Sources, oldest first. Throws 422 `cursor.invalid`. */
export function listScimSources(context: Context, options: ListOptions): Promise<Listed<ScimSource>> {
  return selectPage(
    context,
    {
      list: "scim-sources",
      entity: ScimSourceListItem,
      partition: SCIM_SOURCES_PARTITION,
      async select(items) {
        const found = await context.table.getMany(ScimSourceItem, items, { consistent: true });
        return found.map((stored) => stored && viewIn(context)(stored));
      },
    },
    options,
  );
}

/**
 * Removes a source with its service account, so that its tokens end at once. Its users and groups stay as they are and belong to nobody:
 * what it said of them is cleared away by a job. Throws 404 `scim-source.not_found`. Writes the ends, the job's run, and one audit record.
 */
export async function deleteScimSource(context: Context, actor: Actor, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const { version, name, serviceAccount } = await requireSource(context, id);
    const ref = { type: "service-account", id: serviceAccount } as const;
    const account = await readPrincipal(context, ref);
    const { organization } = context;
    const of = { now: context.now(), createdBy: actorName(actor), state: { source: id, done: 0 } };
    const { run, writes } = newRun({ name: EMPTY_SCIM_SOURCE }, of);
    const ended = account
      ? [
          remove(ServiceAccountItem, ref, account.version),
          ...unplaceWrites({ ...ref, organization }, nameOfPrincipal(account)),
        ]
      : [];
    await commitRecorded(
      context,
      actor,
      [remove(ScimSourceItem, { id }, version), remove(ScimSourceListItem, { id }), ...ended, ...writes],
      { action: "scim-source.delete", target: id, detail: { name, job: run.id } },
    );
  });
  context.onJobStarted?.();
}
