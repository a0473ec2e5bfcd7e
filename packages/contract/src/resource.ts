import * as z from "zod";
import { ProblemError } from "./errors.ts";
import type { Facets, KindDefinition } from "./kinds/kind.ts";
import type { KindName } from "./kinds/names.ts";
import { type AttributesInput, KINDS } from "./kinds/registry.ts";
import { namedTexts } from "./names.ts";
import type { Provider, ScopeKey } from "./scope.ts";

export const NATURAL_ID_LENGTH = 1024;

/** Tag keys and values may be longer than any cloud allows today, but not without end. */
const tags = namedTexts({ mostName: 256, mostText: 1024, of: "tag" });

const envelope = {
  id: z
    .string()
    .min(1)
    .max(NATURAL_ID_LENGTH)
    .regex(/^\S+$/, "a natural id has no white space")
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, "a natural id has no control, direction or zero-width characters"),
  name: z.string().max(1024).default(""),
  tags: tags.default({}),
  unknown: z.array(z.string().min(1).max(64)).max(64).optional().meta({
    description:
      "Names of attributes that could not be found out this time, and are left out: what the register knows of them stands",
  }),
};

/** A resource of one kind, as a collector sends it. Unknown further members are accepted (newer minor versions). */
function observedResource(kind: KindName) {
  const definition: KindDefinition<z.ZodType<object>, z.ZodType<object>> = KINDS[kind] as never;
  const resource = z.object({
    ...envelope,
    attributes: definition.attributes,
    volatile: definition.volatile.optional(),
  });
  const { idOf } = definition;
  if (!idOf) return resource;
  return resource.check(({ value, issues }) => {
    const spelt = idOf(value.attributes);
    if (spelt === value.id) return;
    const message = `the attributes are those of ${spelt.slice(0, 200)}, the id is another`;
    issues.push({ code: "custom", message, input: value.id, path: ["id"] });
  });
}

const schemas = Object.fromEntries(
  Object.keys(KINDS).map((kind) => [kind, observedResource(kind as KindName)]),
) as Record<KindName, ReturnType<typeof observedResource>>;

/** The parsed form: defaults filled in. */
export interface ObservedResource {
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly volatile?: Readonly<Record<string, unknown>> | undefined;
  readonly unknown?: readonly string[] | undefined;
}

/** What converters make: a resource of a kind before defaults are filled in. */
export interface ResourceInput<K extends KindName> {
  readonly id: string;
  readonly name?: string;
  readonly tags?: Record<string, string>;
  readonly attributes: AttributesInput<K>;
  readonly volatile?: z.input<(typeof KINDS)[K]["volatile"]>;
  /** Attributes that could not be found out: not to know them is no change. */
  readonly unknown?: readonly (keyof AttributesInput<K> & string)[];
}

/** Schema of a kind's resources, made once. */
export function resourceSchema(kind: KindName): z.ZodType<ObservedResource> {
  return schemas[kind] as unknown as z.ZodType<ObservedResource>;
}

/**
 * Whether a kind itself has an attribute of this name. What else a resource has is kept as its collector sent it: of any type,
 * and to be shown only.
 */
export function hasAttribute(kind: KindName, name: string): boolean {
  return Object.hasOwn(KINDS[kind].attributes.shape, name);
}

/** What a stored resource is found by. */
export function facetsOf(
  kind: KindName,
  resource: { readonly id: string; readonly attributes: Readonly<Record<string, unknown>> },
): Facets {
  const definition = KINDS[kind] as unknown as KindDefinition<z.ZodType<object>, z.ZodType<object>>;
  return definition.facets(resource.attributes, resource.id);
}

/** What a natural id itself says of its resource; no account or region where its form has none (endpoints, certificates). */
interface NamedResource {
  readonly provider: Provider;
  readonly kind: KindName;
  readonly account?: string;
  readonly region?: string;
}

const FORMS = Object.values(KINDS).flatMap((definition) => {
  const { name, ids } = definition;
  const isNormal = "isNormal" in definition ? definition.isNormal : undefined;
  return Object.entries(ids).map(([provider, form]) => ({
    provider: provider as Provider,
    kind: name as KindName,
    form,
    isNormal,
  }));
});

function regionOf(groups: Readonly<Record<string, string | undefined>>): string | undefined {
  if (groups.account === undefined) return undefined;
  // `europe-west1` of the zone `europe-west1-b`.
  return groups.region ?? groups.zone?.replace(/-[^-]+$/, "") ?? "global";
}

/** The kind that a natural id belongs to, by its form, with what the id names; undefined for what is no kind's id. */
export function kindOfId(id: string): NamedResource | undefined {
  for (const { provider, kind, form, isNormal } of FORMS) {
    const match = form.exec(id);
    if (!match || isNormal?.(id) === false) continue;
    const groups = match.groups ?? {};
    const region = regionOf(groups);
    return {
      provider,
      kind,
      ...(groups.account === undefined ? {} : { account: groups.account }),
      ...(region === undefined ? {} : { region }),
    };
  }
  return undefined;
}

/**
 * Refuses a resource that does not belong in its scope, so that a collector can write neither another account's resources nor
 * one kind's under the id of another: 422 `request.invalid` when the id is not of the form of the scope's kind and provider or
 * names another region, 403 `collector.foreign_account` when it names another account and the provider does not share this
 * kind between accounts. `path` is its place in the payload.
 */
export function requireBelongs(scope: ScopeKey, id: string, path: string): void {
  const named = kindOfId(id);
  const wrong = (message: string) =>
    new ProblemError("request.invalid", `${path}.id: ${message}`, { errors: [{ path: `${path}.id`, message }] });
  if (named?.provider !== scope.provider || named.kind !== scope.kind) {
    const found = named ? `is the id of ${article(named.kind)} of ${named.provider}` : "is no natural id";
    throw wrong(`${found}, the scope is of ${scope.provider} and kind ${scope.kind}; ${KINDS[scope.kind].naturalId}`);
  }
  if (named.region !== undefined && named.region !== scope.region) {
    throw wrong(`is of region ${named.region}, the scope of ${scope.region}`);
  }
  const { sharedAt } = KINDS[scope.kind] as { readonly sharedAt: readonly Provider[] };
  if (named.account !== undefined && named.account !== scope.account && !sharedAt.includes(scope.provider)) {
    throw new ProblemError(
      "collector.foreign_account",
      `${path}.id: is of account ${named.account}, the scope of ${scope.account}`,
      { errors: [{ path: `${path}.id`, message: `names the account ${named.account}` }] },
    );
  }
}

const article = (kind: KindName) => `${/^[aei]/.test(kind) ? "an" : "a"} ${kind}`;

/** A resource with its values before and after must fit in one event, and an event in one item of 400 KB. */
export const RESOURCE_BYTES = 150_000;

/** Numbers of this magnitude and its inverse: every store keeps them as they are. */
const LARGEST_NUMBER = 1e100;
/** Clouds nest to about ten; stores hold 32 levels, and an event has some of its own around a value. */
const RESOURCE_DEPTH = 24;

function badNumber(value: number): string | undefined {
  const magnitude = Math.abs(value);
  if (!(magnitude <= LARGEST_NUMBER)) return " is larger than 1e100";
  return magnitude > 0 && magnitude < 1 / LARGEST_NUMBER ? " is smaller than 1e-100" : undefined;
}

/** The rest of a sentence that starts with the value's name. */
function badValue(value: unknown, levels: number): string | undefined {
  if (typeof value === "string")
    return value.isWellFormed() ? undefined : " has half of a surrogate pair, which is not text";
  if (typeof value === "number") return badNumber(value);
  if (value === null || typeof value !== "object") return undefined;
  if (levels === 0) return ` is nested deeper than ${RESOURCE_DEPTH} levels`;
  for (const key of Object.keys(value)) {
    const badKey = badValue(key, levels);
    if (badKey) return ` key${badKey}`;
    const bad = badValue((value as Readonly<Record<string, unknown>>)[key], levels - 1);
    if (bad) return `.${key.slice(0, 200)}${bad}`;
  }
  return undefined;
}

/** What in a resource of valid form cannot be hashed or stored, in words; undefined when nothing is. To be asked first. */
export function unstorable(resource: object): string | undefined {
  const bad = badValue(resource, RESOURCE_DEPTH);
  return bad === undefined ? undefined : `it${bad}`;
}
