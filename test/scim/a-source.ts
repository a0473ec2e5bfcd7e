import type { CreatedScimSource } from "@cadastre/contract/scim-source";
import { anApi, type Sent, type TestApi } from "../api/an-api.ts";

const SCIM = "application/scim+json";

/** A SCIM source over the real app, and how it sends. */
export async function aSource(api: TestApi, name = "entra") {
  const made = await api.send({ method: "POST", path: "/api/v1/scim-sources", body: { name } });
  const source = (await made.json()) as CreatedScimSource;
  return {
    ...source,
    async send({ path, headers = {}, ...sent }: Sent): Promise<Response> {
      const type: Record<string, string> = sent.body === undefined ? {} : { "content-type": SCIM };
      return api.send({ token: source.token, ...sent, path: `/scim/v2${path}`, headers: { ...type, ...headers } });
    },
  };
}

export type TestSource = Awaited<ReturnType<typeof aSource>>;

/** An app with one source. Close the app after use. */
export async function anApiWithSource(
  options: Parameters<typeof anApi>[0] = {},
): Promise<{ api: TestApi; source: TestSource }> {
  const api = await anApi(options);
  return { api, source: await aSource(api) };
}
