import type { Tag } from "@aws-sdk/client-ec2";
import type { InstanceSpec, InstanceState, InterfaceSpec, PublicAddress } from "./specs.ts";

/**
 * What tests and demonstrations have changed, laid over what is computed. Only this grows, and only with the changes.
 */
export interface Overrides {
  /** Goes up with every change. */
  version: number;
  /** Ids of resources that are gone. */
  readonly removed: Set<string>;
  readonly tags: Map<string, readonly Tag[]>;
  readonly states: Map<string, InstanceState>;
  /** Instances that are not computed, by `account/region` (indexes in the plan). */
  readonly added: Map<string, InstanceSpec[]>;
  /** Private addresses that a machine's first interface gained or lost, by instance id. */
  readonly gained: Map<string, readonly number[]>;
  readonly lost: Map<string, readonly number[]>;
  /** Elastic IPs that do not hold to where they were computed: allocation id to what they are on now. */
  readonly elastics: Map<string, { readonly instance: string; readonly address: PublicAddress } | undefined>;
  /** Regions switched off, as `account id/region name`. */
  readonly optedOut: Set<string>;
}

export function createOverrides(): Overrides {
  return {
    version: 0,
    removed: new Set(),
    tags: new Map(),
    states: new Map(),
    added: new Map(),
    gained: new Map(),
    lost: new Map(),
    elastics: new Map(),
    optedOut: new Set(),
  };
}

/** The machine as it is after the changes; undefined when it was removed. */
export function changedInstance(overrides: Overrides, spec: InstanceSpec): InstanceSpec | undefined {
  if (overrides.version === 0) return spec;
  if (overrides.removed.has(spec.id)) return undefined;
  const state = overrides.states.get(spec.id) ?? spec.state;
  return {
    ...spec,
    state,
    tags: overrides.tags.get(spec.id) ?? spec.tags,
    interfaces:
      state === "terminated" ? [] : spec.interfaces.flatMap((each) => changedInterface(overrides, each) ?? []),
  };
}

export function changedInterface(overrides: Overrides, spec: InterfaceSpec): InterfaceSpec | undefined {
  if (overrides.version === 0) return spec;
  if (overrides.removed.has(spec.id)) return undefined;
  const staying = spec.public.filter(
    ({ allocationId }) =>
      allocationId === undefined || !(overrides.elastics.has(allocationId) || overrides.removed.has(allocationId)),
  );
  const changed = { ...spec, public: staying, tags: overrides.tags.get(spec.id) ?? spec.tags };
  if (spec.instance === undefined || spec.device !== 0) return changed;
  const lost = overrides.lost.get(spec.instance) ?? [];
  const arrived = [...overrides.elastics.values()].flatMap((entry) =>
    entry !== undefined && entry.instance === spec.instance ? [entry.address] : [],
  );
  return {
    ...changed,
    ipv4: [...spec.ipv4.filter((address) => !lost.includes(address)), ...(overrides.gained.get(spec.instance) ?? [])],
    public: [...(arrived.length > 0 ? staying.filter((address) => address.owner !== "amazon") : staying), ...arrived],
  };
}
