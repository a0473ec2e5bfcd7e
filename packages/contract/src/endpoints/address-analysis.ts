import * as z from "zod";
import { ipForecast } from "../addresses/forecast.ts";
import { ipMap, MOST_CELLS } from "../addresses/map.ts";
import { prefixInput, prefixOrAddressInput } from "../addresses/prefix-input.ts";
import { ipDifference, pastIp } from "../addresses/time.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { paging, wholeNumber } from "./query.ts";

const SPACE = "/api/v1/addressspaces/{spaceId}";
const inSpace = z.object({ spaceId: idSchema("space") });
const spaceExample = { spaceId: exampleId("space") };
const READ = operator("addresses:read", "address-space");

const time = z.iso.datetime({ offset: true, error: "a time such as 2026-12-01T08:00:00Z" });
const within = prefixInput.optional().meta({ description: "What is inside this prefix alone, itself included" });
const BOUNDED = "A page looks at 2,000 prefixes at the most: it may be short, or empty, and still have a cursor.";

export const addressAnalysis = defineArea("addressAnalysis", {
  map: defineEndpoint({
    method: "GET",
    path: `${SPACE}/ips/{ipId}/map`,
    access: READ,
    summary: "The picture of a prefix: equal cells in the order of addresses, each with how much of it is what",
    description:
      "Of prefixes that have anything in them what is in them is drawn, all others are planned or reserved. Observed is what a cloud has and no prefix inside, conflicting what is both planned and seen in a block that no prefix inside it is for.",
    params: inSpace.extend({ ipId: idSchema("ip") }),
    query: z.strictObject({
      cells: wholeNumber(1, MOST_CELLS)
        .optional()
        .meta({ description: `A power of two, ${MOST_CELLS} when absent; one for each address when there are fewer` }),
    }),
    answer: ipMap,
    errors: ["space.not_found", "ip.not_found"],
    example: { params: { ...spaceExample, ipId: exampleId("ip") }, query: { cells: "1024" } },
  }),
  forecast: defineEndpoint({
    method: "GET",
    path: `${SPACE}/ips/{ipId}/forecast`,
    access: READ,
    summary: "How much of a prefix was used on each of the last days, and when it is used up if it goes on so",
    description:
      "By the line through the days (least squares), with a band of 95 % from the error of its slope. Days are noted once a day, of prefixes that have anything in them.",
    params: inSpace.extend({ ipId: idSchema("ip") }),
    query: z.strictObject({
      days: wholeNumber(3, 400).default(90).meta({ description: "How many days are looked at" }),
    }),
    answer: ipForecast,
    errors: ["space.not_found", "ip.not_found"],
    example: { params: { ...spaceExample, ipId: exampleId("ip") }, query: { days: "30" } },
  }),
  at: defineEndpoint({
    method: "GET",
    path: `${SPACE}/at`,
    access: READ,
    summary: "The planned prefixes of an address space as they were at a time; with `address` what contained that then",
    description: `In the order of addresses, each before what was in it; what contained an address nearest first. What was is kept as long as changes are. ${BOUNDED}`,
    params: inSpace,
    query: z.strictObject({
      ...paging,
      time: time.meta({ description: "Not to come, and not from before what is kept" }),
      address: prefixOrAddressInput
        .optional()
        .meta({ description: "What contained this address or prefix, nearest first" }),
      within,
    }),
    answer: page(pastIp),
    errors: ["space.not_found"],
    example: { params: spaceExample, query: { time: "2026-11-30T08:00:00Z", address: "10.1.2.5" } },
  }),
  diff: defineEndpoint({
    method: "GET",
    path: `${SPACE}/diff`,
    access: READ,
    summary: "Which planned prefixes came, went or changed between two times",
    description: `In the order of addresses. One that moved went in one place and came in another, under its id. ${BOUNDED}`,
    params: inSpace,
    query: z.strictObject({
      ...paging,
      from: time,
      to: time.optional().meta({ description: "Now when absent" }),
      within,
    }),
    answer: page(ipDifference),
    errors: ["space.not_found"],
    example: { params: spaceExample, query: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" } },
  }),
});
