import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";

/** A path of the endpoint with the parameters of its example, of things that are not there, and the query that it must have. */
export function pathOf({ path, params, query, example = {} }: Endpoint): string {
  for (const name of Object.keys(params?.shape ?? {})) {
    if (example.params?.[name] === undefined) throw new Error(`give an example of the parameter ${name} of ${path}`);
  }
  const filled = path.replace(/\{(\w+)\+?\}/g, (_, name: string) => encodeURIComponent(example.params?.[name] ?? ""));
  const needed = Object.entries(query?.shape ?? {}).filter(([, member]) => !member.safeParse(undefined).success);
  const given = new URLSearchParams(needed.map(([name]): [string, string] => [name, String(example.query?.[name])]));
  // One of several may be needed, which no member says by itself.
  const isEnough = query?.safeParse(Object.fromEntries(given)).success ?? true;
  if (!isEnough && example.query)
    return `${filled}?${new URLSearchParams(example.query as Record<string, string>).toString()}`;
  return given.size === 0 ? filled : `${filled}?${given.toString()}`;
}
