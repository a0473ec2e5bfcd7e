import { shardCountFor as asProposed } from "@cadastre/contract/digest";
import { shardCountOf } from "../cuts.ts";
import { currentProcess } from "../scheduler.ts";

export * from "@cadastre/contract/digest";

/** A collector may cut a scope as it likes: some cut finer than is proposed, so that a small scope has several shards. */
export const shardCountFor = (resources: number): number =>
  shardCountOf(currentProcess(), resources) ?? asProposed(resources);
