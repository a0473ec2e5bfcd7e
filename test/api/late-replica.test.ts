import { withNothingHeard } from "@cadastre/core/audit/testing";
import type { Table } from "@cadastre/store/table";
import { expect, it } from "vitest";
import { tableWith } from "../support/table-with.ts";
import { anApi } from "./an-api.ts";
import { SCENARIOS } from "./scenarios.ts";

/** What is new with each answer. */
const NEW =
  /[0-9A-HJKMNP-TV-Z]{26}|"(?:secret|token|access_token|device_code|user_code|verification_uri_complete|redirectTo|uri|lastModified|created)":"[^"]*"|"codes":\[[^\]]*\]|"version":(?:\d+|"W\/\\"\w+\\"")|dXNyXz[\w-]+|eyJ[\w.-]+|(?<![\w-])(?:[0-9a-f]{64}|[\w-]{43})(?![\w-])/g;

/** When a scope was last reported: nobody has just changed it. */
const SEEN = /"lastSeenAt":"[^"]*",/;

/** A table whose replica can lose all that it had; consistent reads and writes have it all the same. */
function losing() {
  let isLost = false;
  const seen = (table: Table): Table => {
    const empty = withNothingHeard(table);
    const one = () => (isLost ? empty : table);
    return tableWith(table, {
      get: (entity, key, how) => one().get(entity, key, how),
      getMany: (entity, keys, how) => one().getMany(entity, keys, how),
      query: (entity, query) => one().query(entity, query),
    });
  };
  return {
    seen,
    lose: () => {
      isLost = true;
    },
  };
}

async function answerOf(name: string, isLate: boolean): Promise<string> {
  const replica = losing();
  const api = await anApi({ seen: replica.seen });
  try {
    const request = await SCENARIOS[name]?.(api);
    if (isLate) replica.lose();
    const response = await request?.();
    return `${response?.status} ${(await response?.text())?.replace(SEEN, "").replaceAll(NEW, "…")}`;
  } finally {
    await api.close();
  }
}

/** What is forgotten has not been reported for minutes, of which every replica has heard. */
const CHANGES = Object.keys(SCENARIOS).filter((name) => name !== "scopes.forget");

it.each(CHANGES)("%s answers what it did, whatever a replica has not heard of yet", async (name) => {
  expect(await answerOf(name, true)).toBe(await answerOf(name, false));
});
