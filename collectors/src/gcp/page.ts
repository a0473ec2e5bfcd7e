import * as z from "zod";
import { MalformedError } from "../values.ts";
import { regionOfScope } from "./convert/place.ts";
import type { GcpScopeError } from "./errors.ts";

/** The answer to a list as it came, resources aside. */
const warning = z.looseObject({ code: z.string().nullish(), message: z.string().nullish() }).nullish();
const common = {
  kind: z.string().nullish(),
  nextPageToken: z.string().nullish(),
  warning,
  unreachables: z.array(z.string()).nullish(),
};
const plainAnswer = z.looseObject({ ...common, items: z.array(z.unknown()).nullish() });
const aggregatedAnswer = z.looseObject({
  ...common,
  items: z.record(z.string(), z.looseObject({ warning })).nullish(),
});
type Warning = z.output<typeof warning>;

export interface Page<Item> {
  /** One for each scope that the page names. */
  readonly parts: readonly { readonly region: string; readonly items: readonly Item[] }[];
  readonly warnings: readonly PageWarning[];
  /** Where the next page starts; undefined on the last one. */
  readonly next: string | undefined;
}

/** Something that may be missing from a page. */
interface PageWarning {
  /** Undefined where it is of the whole list. */
  readonly region: string | undefined;
  readonly code: GcpScopeError["code"];
  readonly message: string;
}

/** Reads an answer's frame. Throws MalformedError for what is no list of that kind: it must not pass for an empty estate. */
export function readPage<Item>(
  answer: unknown,
  expected: { readonly answer: string; readonly member?: string },
): Page<Item> {
  const parsed = (expected.member === undefined ? plainAnswer : aggregatedAnswer).safeParse(answer);
  if (!parsed.success || parsed.data.kind !== expected.answer) {
    const kind = JSON.stringify((answer as { kind?: unknown } | null)?.kind ?? null);
    throw new MalformedError(`the answer is not a ${expected.answer} but of kind ${kind}`);
  }
  const { items, nextPageToken, unreachables } = parsed.data;
  const scopes = Array.isArray(items) ? { global: { items, warning: undefined } } : (items ?? {});
  const member = expected.member ?? "items";
  const entries = Object.entries(scopes).map(([name, scope]) => ({ name, region: regionOf(name), scope }));
  return {
    parts: entries.map(({ region, scope }) => ({
      region,
      items: (scope[member as keyof typeof scope] ?? []) as Item[],
    })),
    warnings: [
      ...toWarning(undefined, "", parsed.data.warning),
      ...entries.flatMap(({ name, region, scope }) => toWarning(region, `${name}: `, scope.warning)),
      ...(unreachables ?? []).map(unreachable),
    ],
    next: nextPageToken || undefined,
  };
}

function regionOf(scope: string): string {
  const region = regionOfScope(scope);
  if (region === undefined) throw new MalformedError(`the scope ${JSON.stringify(scope)} is no zone, region or global`);
  return region;
}

/** That a scope has nothing on this page says nothing of the others; every other warning may mean that something is missing. */
function toWarning(region: string | undefined, where: string, sent: Warning): PageWarning[] {
  if (!sent || sent.code === "NO_RESULTS_ON_PAGE") return [];
  const code = sent.code?.toLowerCase() ?? "";
  const known = /^[a-z][a-z0-9_]{0,63}$/.test(code);
  const text = sent.message || sent.code || "a warning without code and message";
  return [{ region, code: known ? code : "unexpected", message: `${where}${text}`.slice(0, 1000) }];
}

/** Named as `zones/Z`, `regions/R` or by a path that ends so. */
function unreachable(name: string): PageWarning {
  return { region: regionOfScope(name), code: "unreachable", message: `${name} could not be reached` };
}
