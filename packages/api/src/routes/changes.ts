import { changes } from "@cadastre/contract/endpoints/changes";
import { ProblemError } from "@cadastre/contract/errors";
import { type MomentOptions, tryParseMoment } from "@cadastre/contract/moment";
import { withKnownActors } from "@cadastre/core/access/known-actors";
import type { Context } from "@cadastre/core/context";
import { followChanges, requireChangeId } from "@cadastre/core/feed/follow-changes";
import { type ChangeFilter, listChanges } from "@cadastre/core/feed/list-changes";
import { requireKnownPlace, understood } from "@cadastre/core/places/known";
import { resourceSubject } from "@cadastre/core/register/items";
import { networkOf } from "@cadastre/core/register/network";
import { readResource } from "@cadastre/core/register/view";
import { portOf } from "../services.ts";
import { implement } from "./route.ts";

const isoOf = (text: string | undefined, options: MomentOptions) =>
  text === undefined ? undefined : tryParseMoment(text, options)?.toISOString();

type Asked = Omit<ChangeFilter, "subject" | "since" | "until"> & { readonly subject?: string | undefined };

/** What is asked for, with the network by its natural id. A network or subject that the register never had is told, not found empty. */
async function toFilter(context: Context, { subject, network, ...filter }: Asked): Promise<ChangeFilter> {
  const [resource, networkId] = await Promise.all([
    subject === undefined ? undefined : readResource(context, subject),
    network === undefined ? undefined : networkOf(context, network),
  ]);
  return {
    ...filter,
    ...(networkId === undefined ? {} : { network: networkId }),
    ...(resource === undefined ? {} : { subject: resourceSubject(resource.idHash) }),
  };
}

/** Each reader looks every second: so many of them cost the table no more than one busy collector. */
const MOST_READERS = 100;
/** After so many looks that found nothing the reader is told that the connection lives. */
const QUIET_LOOKS = 15;

export const CHANGE_ROUTES = implement(changes, {
  async list({ context, query: { since, until, limit, cursor, order, ...filter } }) {
    const now = context.now();
    const between = { since: isoOf(since, { now }), until: isoOf(until, { now }) };
    const asked = { ...(await toFilter(context, filter)), ...between, limit, cursor, order };
    const listed = await listChanges(context, asked);
    return understood(context, asked, { ...listed, items: await withKnownActors(context, listed.items) });
  },
  async follow({ context, services, query, lastEventId, isAllowed }) {
    requireChangeId(lastEventId);
    const filter = await toFilter(context, query);
    await requireKnownPlace(context, filter);
    const { wait, readers } = portOf(services, "following");
    if (readers.count >= MOST_READERS)
      throw new ProblemError("service.unavailable", `${MOST_READERS} readers follow changes already; try again later`);
    const found = followChanges(context, {
      filter,
      after: lastEventId,
      wait: async () => (await wait()) && isAllowed(),
    });
    return (async function* () {
      let quiet = 0;
      readers.count++;
      try {
        for await (const batch of found) {
          quiet = batch.length === 0 ? quiet + 1 : 0;
          if (quiet > 0) yield quiet % QUIET_LOOKS === 1 ? ("still here" as const) : ("nothing yet" as const);
          for (const change of await withKnownActors(context, batch)) yield { id: change.id, data: change };
        }
      } finally {
        readers.count--;
      }
    })();
  },
});
