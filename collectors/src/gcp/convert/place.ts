import { MalformedError } from "../../values.ts";

/** Whose listing is converted, and of which region (`global` for what has none). */
export interface GcpPlace {
  readonly project: string;
  readonly region: string;
  /** Told of what is taken although the cloud does not document it. */
  readonly report?: (message: string) => void;
}

const HOST = "//compute.googleapis.com/";
/** The service's own host and version before the path, which differ between its versions and where it is served. */
const LINK = /^(?:https?:\/\/[^/]+\/(?:compute\/)?[a-z0-9]+\/)?(projects\/.+)$/;
const RELATIVE = /^(?:global|regions\/[^/]+|zones\/[^/]+)\/.+$/;
const PATH = /^projects\/([^/\s]+)\/(global|regions\/[^/\s]+|zones\/[^/\s]+)\/([^/\s]+)\/([^/\s]+)$/;

/** What a resource's URL says of it. */
interface ResourcePath {
  readonly project: string;
  readonly region: string;
  readonly collection: string;
  readonly name: string;
  /** `//compute.googleapis.com/projects/…`, whatever version and host the URL was of. */
  readonly id: string;
}

/**
 * Reads a resource's URL, full (`https://www.googleapis.com/compute/v1/projects/…`), from `projects/` on, or relative to a project.
 * Undefined when it is not one.
 */
export function readLink(link: string, project: string): ResourcePath | undefined {
  const path = LINK.exec(link)?.[1] ?? (RELATIVE.test(link) ? `projects/${project}/${link}` : undefined);
  const match = path === undefined ? null : PATH.exec(path);
  if (!match) return undefined;
  const [whole, owner = "", scope = "", collection = "", name = ""] = match;
  const region = regionOfScope(scope);
  return region === undefined ? undefined : { project: owner, region, collection, name, id: `${HOST}${whole}` };
}

/** `us-central1` of `regions/us-central1` and of `zones/us-central1-a`, `global` of `global`; undefined for anything else. */
export function regionOfScope(scope: string): string | undefined {
  if (scope === "global") return scope;
  const match = /(?:^|\/)(?:regions\/([^/\s]+)|zones\/([^/\s]+)-[^-/\s]+)$/.exec(scope);
  return match?.[1] ?? match?.[2];
}

/** The natural id of a listed resource. Throws MalformedError when its selfLink is of another project, region or collection. */
export function ownId(selfLink: string | null | undefined, place: GcpPlace, collection: string): string {
  const path = selfLink ? readLink(selfLink, place.project) : undefined;
  if (!path) throw new MalformedError(`selfLink ${JSON.stringify(selfLink ?? null)} is not a resource's URL`);
  for (const [what, found, expected] of [
    ["collection", path.collection, collection],
    ["project", path.project, place.project],
    ["region", path.region, place.region],
  ]) {
    if (found !== expected) {
      throw new MalformedError(`selfLink ${JSON.stringify(selfLink)} is of ${what} ${found}, not of ${expected}`);
    }
  }
  return path.id;
}

/** The natural id of a resource that another one names; it may be another project's (shared VPC). Throws MalformedError. */
export function toReference(link: string | null | undefined, place: GcpPlace): string | undefined {
  if (!link) return undefined;
  const path = readLink(link, place.project);
  if (!path) throw new MalformedError(`${JSON.stringify(link)} is not a resource's URL`);
  return path.id;
}

/** `e2-medium` of `…/machineTypes/e2-medium`. */
export function lastPart(link: string | null | undefined): string | undefined {
  return link ? link.slice(link.lastIndexOf("/") + 1) || undefined : undefined;
}
