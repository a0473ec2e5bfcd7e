import { type Account, account as accountSchema } from "@cadastre/contract/account";
import { PROVIDERS, provider } from "@cadastre/contract/scope";
import type { Stored } from "@cadastre/store/table";
import { isVisible } from "../restriction.ts";
import type { IndexEntry } from "../subjects/items.ts";
import { createEntries, ownerEntries, partitions } from "../subjects/keys.ts";
import { nameMatches, ownerMatches, tagsMatch, wordsMatch } from "../subjects/match.ts";
import { defineSubject } from "../subjects/subject.ts";
import { searchedWords } from "../subjects/words.ts";
import { AccountItem } from "./items.ts";

const ACCOUNT = "account";

type Indexed = Pick<AccountItem, "provider" | "account" | "name" | "platform" | "tier" | "environment" | "owner">;

/** What is said of an account, as tags: `tag:tier=gold`, and `gold` as free text. */
const tagsOf = ({ platform, tier, environment }: Indexed) =>
  Object.fromEntries(Object.entries({ platform, tier, environment }).filter(([, value]) => value !== ""));
const wordsOf = (of: Indexed) => searchedWords(of.name, [of.account, of.owner, ...Object.values(tagsOf(of))]);

/** Everything an account is found by: its number, its name, what is said of it. */
export function accountEntries(of: Indexed): IndexEntry[] {
  const subject = { type: ACCOUNT, hint: "", key: `${of.provider}/${of.account}` };
  const entries = createEntries("active", subject);
  entries.listed(ACCOUNT, `${of.provider}/${of.account}`);
  entries.named({ words: wordsOf(of), tags: tagsOf(of), prefixes: [] });
  return [...entries.all(), ...ownerEntries(subject, of.owner)];
}

export const AccountSubject = defineSubject<Stored<AccountItem>, Account>({
  type: ACCOUNT,
  filters: ["provider", "account", "status", "name", "tags", "words", "owner"],
  entries: accountEntries,
  read: (context, keys) =>
    context.table.getMany(
      AccountItem,
      keys.map((key) => {
        const slash = key.indexOf("/");
        return { provider: provider.parse(key.slice(0, slash)), account: key.slice(slash + 1) };
      }),
    ),
  isVisible,
  matches: (item, filters) =>
    filters.status !== "retired" &&
    (filters.provider === undefined || item.provider === filters.provider) &&
    (filters.account === undefined || item.account === filters.account) &&
    nameMatches(item.name, filters) &&
    ownerMatches(item.owner, filters) &&
    tagsMatch(tagsOf(item), filters) &&
    wordsMatch(wordsOf(item), filters.words),
  list: async (_, filters, standing) => {
    if (standing === "retired") return [];
    const providers = filters.provider ? [filters.provider] : PROVIDERS;
    return providers.map((by) => ({
      partition: partitions.list(standing, ACCOUNT),
      sort: { beginsWith: filters.account === undefined ? `${by}/` : `${by}/${filters.account}#` },
      rank: by,
    }));
  },
  named: () => [],
  view: async (_, items) => items.map((item) => accountSchema.parse(item)),
});
