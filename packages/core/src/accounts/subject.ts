import { type Account, account as accountSchema } from "@cadastre/contract/account";
import { provider } from "@cadastre/contract/scope";
import type { Stored } from "@cadastre/store/table";
import { isVisible } from "../restriction.ts";
import type { IndexEntry } from "../subjects/items.ts";
import { createEntries, ownerEntries, partitions } from "../subjects/keys.ts";
import type { Facts } from "../subjects/match.ts";
import { isOpen } from "../subjects/pattern.ts";
import type { Field, TextField } from "../subjects/query.ts";
import { defineSubject } from "../subjects/subject.ts";
import { searchedTexts, searchedWords } from "../subjects/words.ts";
import { AccountItem } from "./items.ts";

const ACCOUNT = "account" as const;

type Indexed = Pick<AccountItem, "provider" | "account" | "name" | "platform" | "tier" | "environment" | "owner">;

/** What is said of an account, as tags: `tag:tier=gold`, and `gold` as free text. */
const tagsOf = ({ platform, tier, environment }: Indexed) =>
  Object.fromEntries(Object.entries({ platform, tier, environment }).filter(([, value]) => value !== ""));
const othersOf = (of: Indexed) => [of.account, of.owner, ...Object.values(tagsOf(of))];

/** Everything an account is found by: its number, its name, what is said of it. */
export function accountEntries(of: Indexed): IndexEntry[] {
  const subject = { type: ACCOUNT, hint: "", key: `${of.provider}/${of.account}` };
  const entries = createEntries("active", subject);
  entries.listed(ACCOUNT, `${of.provider}/${of.account}`);
  entries.named({ words: searchedWords(of.name, othersOf(of)), tags: tagsOf(of), prefixes: [] });
  return [...entries.all(), ...ownerEntries(subject, of.owner)];
}

/** What a search can ask of accounts. */
const ANSWERED: readonly Field[] = [
  "provider",
  "account",
  "status",
  "name",
  "tag",
  "words",
  "owner",
  "has",
  "id",
  "named",
  "idBeginning",
  "changed",
  "created",
];

function textsOf(item: AccountItem, field: TextField): readonly string[] {
  switch (field) {
    case "account":
      return [item.account];
    case "name":
      return [item.name];
    case "owner":
      return item.owner === "" ? [] : [item.owner];
    case "id":
      return [`${item.provider}/${item.account}`, item.account];
    case "words":
      return searchedTexts(item.name, othersOf(item));
    default:
      return [];
  }
}

function accountFacts(item: AccountItem): Facts {
  return {
    subject: ACCOUNT,
    provider: item.provider,
    status: "active",
    name: item.name,
    tags: tagsOf(item),
    prefixes: [],
    texts: (field) => textsOf(item, field),
    time: (field) => ({ changed: item.updatedAt, created: item.createdAt, expires: undefined, seen: undefined })[field],
    has(what) {
      if (what === "notes") return item.notes !== "";
      if (what === "tag") return Object.keys(tagsOf(item)).length > 0;
      return what === "name" || what === "owner" ? item[what] !== "" : false;
    },
    is: () => false,
    refersTo: () => false,
    answers: ANSWERED,
  };
}

export const AccountSubject = defineSubject<Stored<AccountItem>, Account>({
  type: ACCOUNT,
  answers: ANSWERED,
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
  facts: accountFacts,
  list: async (_, { providers, accounts }, standing) => {
    if (standing === "retired") return [];
    const beginnings = providers.flatMap((by) =>
      accounts === undefined || accounts.some(isOpen)
        ? [`${by}/`]
        : accounts.map(({ pieces }) => `${by}/${pieces[0]}#`),
    );
    return beginnings.map((beginsWith) => ({
      partition: partitions.list(standing, ACCOUNT),
      sort: { beginsWith },
      rank: beginsWith,
    }));
  },
  named: () => [],
  view: async (_, items) => items.map((item) => accountSchema.parse(item)),
});
