import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";

/** Text in single quotes for a shell. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The path of the example, encoded as a URL has it. */
function pathOf({ path, example }: Endpoint): string {
  return path.replace(/\{(\w+)\+?\}/g, (_, name: string) => encodeURIComponent(example?.params?.[name] ?? name));
}

function queryOf({ example }: Endpoint): [string, string][] {
  return Object.entries(example?.query ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
}

/** A signed request is not made by hand: it is shown as it stands on the wire, where the signature is told apart. */
function signedExample(endpoint: Endpoint): string {
  const { method, example } = endpoint;
  const query = new URLSearchParams(queryOf(endpoint)).toString();
  const target = `${method} ${pathOf(endpoint)}${query === "" ? "" : `?${query}`}`;
  const body = example?.body === undefined ? [] : ["", JSON.stringify(example.body, undefined, 2)];
  return ["```http", target, "signature: …", "signature-input: …", ...body, "```"].join("\n");
}

/** A body as curl sends it: a form, or JSON. */
function bodyExample({ file, form, example }: Endpoint): string[] {
  if (file) return ["-H 'content-type: application/octet-stream'", "--data-binary @FILE"];
  if (example?.body === undefined) return [];
  if (form) return Object.entries(example.body as object).map((pair) => `--data-urlencode ${quote(pair.join("="))}`);
  return [`-H 'content-type: application/json'`, `-d ${quote(JSON.stringify(example.body))}`];
}

/** One request as a line for a shell, with the address and token of the environment. */
function curlExample(endpoint: Endpoint): string {
  const { method, access, ifMatch, stream } = endpoint;
  const query = queryOf(endpoint);
  // What is sent as a file takes curl's own way to make a query of data.
  const written = endpoint.file && query.length > 0 ? `?${new URLSearchParams(query).toString()}` : "";
  const data = endpoint.file ? [] : query;
  const parts = [
    `curl -sS${stream ? "N" : ""}${data.length > 0 ? " -G" : ""}${method === "GET" ? "" : ` -X ${method}`}`,
    `"$CADASTRE_API${pathOf(endpoint)}${written}"`,
    ...(access.kind === "operator" || access.kind === "provisioning" || (access.kind === "self" && access.by === "any")
      ? ['-H "authorization: Bearer $CADASTRE_TOKEN"']
      : []),
    ...(access.kind === "self" && access.by === "session"
      ? ["-b cookies.txt", ...(method === "GET" ? [] : ['-H "x-csrf-token: $CADASTRE_CSRF"'])]
      : []),
    ...(ifMatch === "required" ? [`-H ${quote('if-match: "1"')}`] : []),
    ...data.map(([name, value]) => `--data-urlencode ${quote(`${name}=${value}`)}`),
    ...bodyExample(endpoint),
  ];
  return ["```sh", parts.join(" \\\n  "), "```"].join("\n");
}

/** The example of an endpoint as Markdown: what its definition says that it takes. */
export function exampleOf(endpoint: Endpoint): string {
  return endpoint.access.kind === "signed" ? signedExample(endpoint) : curlExample(endpoint);
}
