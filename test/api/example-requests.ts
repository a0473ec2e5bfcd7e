import type { Route } from "@cadastre/api/routes/route";
import { newId } from "@cadastre/contract/ids";

const AT = new Date("2026-11-01T00:00:00Z");

/** A value of the right form for each name of a path parameter; an `id` is of what the path is about. */
function exampleOf(route: Route, name: string): string {
  if (name === "id" && route.path.includes("/resources/")) return `res_${"0".repeat(32)}`;
  if (name === "id") {
    const [, area] = /\/(holds|collectors|credentials|tokens)\//.exec(route.path) ?? [];
    const kinds = { holds: "hold", collectors: "collector", credentials: "credential", tokens: "token" } as const;
    return newId(kinds[area as keyof typeof kinds], AT);
  }
  const values: Record<string, string> = {
    run: newId("run", AT),
    scope: encodeURIComponent("aws/111122223333/us-east-1/instance"),
    shard: "0",
    provider: "aws",
    account: "111122223333",
    file: "nothing.js",
  };
  const value = values[name];
  if (value === undefined) throw new Error(`give an example of the path parameter ${name} of ${route.path}`);
  return value;
}

/** A path of the route, of things that are not there. */
export function pathOf(route: Route): string {
  const path = route.path.replace(/\{(\w+)\+?\}/g, (_, name: string) => exampleOf(route, name));
  return route.path.endsWith("/search") ? `${path}?q=web` : path;
}
