import { account, accountPatch, newAccount } from "@cadastre/contract/account";
import { auditRecord } from "@cadastre/contract/audit/record";
import { collector, collectorPatch, newCollector } from "@cadastre/contract/collector";
import { credential, credentialSecret, newCredential, revealedCredential } from "@cadastre/contract/credential";
import {
  discovery,
  discoveryResult,
  hold,
  openRun,
  openScope,
  runCompleted,
  runOpened,
  scopeResult,
  scopeState,
  scopeVerdict,
  shardApplied,
  shardUpload,
  totals,
  trigger,
} from "@cadastre/contract/discovery";
import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { resourceSchema } from "@cadastre/contract/resource";
import { scopeError } from "@cadastre/contract/scope";
import { createdToken, newToken, token } from "@cadastre/contract/token";
import { problem, resource, resourceEvent, resourcePatch } from "@cadastre/contract/view";
import * as z from "zod";

export type JsonSchema = Record<string, unknown>;

/** Schemas that the document names, so that it says each once. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Account: account,
  AccountPatch: accountPatch,
  AuditRecord: auditRecord,
  Collector: collector,
  CollectorPatch: collectorPatch,
  CreatedToken: createdToken,
  Credential: credential,
  CredentialSecret: credentialSecret,
  Discovery: discovery,
  DiscoveryResult: discoveryResult,
  Hold: hold,
  NewAccount: newAccount,
  NewCollector: newCollector,
  NewCredential: newCredential,
  NewToken: newToken,
  OpenRun: openRun,
  OpenScope: openScope,
  Problem: problem,
  Resource: resource,
  ResourceEvent: resourceEvent,
  ResourcePatch: resourcePatch,
  RevealedCredential: revealedCredential,
  RunCompleted: runCompleted,
  RunOpened: runOpened,
  ScopeError: scopeError,
  ScopeResult: scopeResult,
  ScopeState: scopeState,
  ScopeVerdict: scopeVerdict,
  ShardApplied: shardApplied,
  ShardUpload: shardUpload,
  Token: token,
  Totals: totals,
  Trigger: trigger,
};

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** What a collector sends of a resource, for each kind. */
const OBSERVED = Object.fromEntries(KIND_NAMES.map((kind) => [`Observed${capital(kind)}`, resourceSchema(kind)]));

function registryOf() {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries({ ...NAMED, ...OBSERVED })) {
    registry.add(schema, { ...z.globalRegistry.get(schema), id });
  }
  return registry;
}

const DEFINITIONS = "#/$defs/";
const COMPONENTS = "#/components/schemas/";

const hasUnicodeClass = ({ pattern }: JsonSchema) => typeof pattern === "string" && pattern.includes("\\p{");

/** Patterns with classes of Unicode are left out: readers whose regular expressions have none refuse the whole document. */
function withoutUnicodeClasses(schema: JsonSchema): void {
  if (hasUnicodeClass(schema)) delete schema.pattern;
  const { allOf } = schema;
  if (Array.isArray(allOf)) schema.allOf = allOf.filter((part: JsonSchema) => !hasUnicodeClass(part));
}

/** A schema as a part of the document: references go to its components. */
function toComponent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toComponent);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) =>
      name === "$ref" && typeof member === "string"
        ? [name, member.replace(DEFINITIONS, COMPONENTS)]
        : [name, toComponent(member)],
    ),
  );
}

/** Turns zod schemas into JSON Schema (draft 2020-12, that of OpenAPI 3.1) and collects the named ones as components. */
export function createSchemas() {
  const registry = registryOf();
  const components = new Map<string, JsonSchema>();
  const metadata = { get: (schema: z.ZodType) => registry.get(schema) ?? z.globalRegistry.get(schema) };

  /** A schema with its named parts as references: as it is sent (`input`: defaults are optional) or answered (`output`). */
  function convert(schema: z.ZodType, io: "input" | "output"): JsonSchema {
    const converted = z.toJSONSchema(schema, {
      io,
      unrepresentable: "any",
      metadata: metadata as unknown as typeof z.globalRegistry,
      override({ zodSchema, jsonSchema }) {
        const { def } = zodSchema._zod;
        // Objects that are not strict are open: newer versions add members.
        if (def.type === "object" && def.catchall === undefined) delete jsonSchema.additionalProperties;
        delete jsonSchema.id;
        withoutUnicodeClasses(jsonSchema as JsonSchema);
      },
    });
    const { $schema: _, $defs = {}, ...own } = converted as JsonSchema & { $defs?: Record<string, JsonSchema> };
    for (const [name, definition] of Object.entries($defs)) {
      const component = toComponent(definition) as JsonSchema;
      const known = components.get(name);
      if (known && JSON.stringify(known) !== JSON.stringify(component)) {
        throw new Error(`the schema ${name} has one form in requests and another in answers`);
      }
      components.set(name, component);
    }
    return toComponent(own) as JsonSchema;
  }

  for (const schema of Object.values(OBSERVED)) convert(schema, "input");
  return {
    convert,
    components: (): Record<string, JsonSchema> =>
      Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
