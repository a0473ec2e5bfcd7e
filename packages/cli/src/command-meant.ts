import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { oneMeant } from "@cadastre/contract/meant";

/** Commands of `resources`, by what people type for them. */
const OF_RESOURCES: Readonly<Record<string, string>> = {
  ls: "list",
  list: "list",
  get: "show",
  show: "show",
  describe: "show",
  history: "history",
  related: "related",
  count: "count",
  annotate: "annotate",
  tag: "annotate",
};

const ADDRESS = /^[\d.:a-f]*[.:][\d.:a-f]*[\d:](?:\/\d+)?$/i;
const ID = /^(?:res_|arn:|tls:|sha256:|\/\/|[a-z]{1,10}-[0-9a-f]{8})/i;

/** What may have been meant by a word that is no command. `within` is the command that it stood behind. */
export function commandMeant(word: string, within: string): string | undefined {
  if (ADDRESS.test(word)) return `cadastre whose ${word}`;
  if (ID.test(word) || within === "resources") return ID.test(word) ? `cadastre resources show ${word}` : undefined;
  if (within !== "") return undefined;
  const of = Object.hasOwn(OF_RESOURCES, word) ? OF_RESOURCES[word] : undefined;
  if (of !== undefined) return `cadastre resources ${of}`;
  const kind = oneMeant(word, KIND_NAMES);
  if (kind !== undefined) return `cadastre resources list --kind ${kind}`;
  return word.includes(":") || word.includes("=") ? `cadastre search '${word}'` : undefined;
}
