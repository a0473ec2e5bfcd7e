import { formatAddress } from "@cadastre/net/address";
import { expect, test } from "vitest";
import { addressesOf, resolveHost } from "./resolve.ts";
import { parseTarget } from "./targets.ts";

function addresses(target: string, resolve: (host: string) => Promise<readonly string[]>) {
  const signal = new AbortController().signal;
  const options = {
    target: parseTarget(target),
    resolve,
    families: [4, 6],
    timeoutMilliseconds: 5_000,
    signal,
  } as const;
  return addressesOf(options).then((found) => found.map(formatAddress));
}

test("the machine's own resolver is asked by default", async () => {
  const found = await addresses("localhost", resolveHost);
  expect(found.some((address) => address === "127.0.0.1" || address === "::1")).toBe(true);
});

test("a mapped address is understood in the form in which resolvers write it", async () => {
  expect(await addresses("mapped.example", async () => ["::ffff:127.0.0.1"])).toEqual(["::ffff:7f00:1"]);
});

test("an address with a zone is refused, because a zone says which interface to leave by", async () => {
  await expect(addresses("zone.example", async () => ["fe80::1%eth0"])).rejects.toThrow('answered "fe80::1%eth0"');
});

test("a target that is an address is not looked up", async () => {
  const never = async () => Promise.reject(new Error("looked up"));
  expect(await addresses("[2001:db8::1]:443", never)).toEqual(["2001:db8::1"]);
});
