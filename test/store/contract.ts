import { afterAll, beforeAll, describe } from "vitest";
import { commitContract } from "./contract-commit.ts";
import { expiryContract } from "./contract-expiry.ts";
import { incrementContract } from "./contract-increment.ts";
import { keyFieldContract } from "./contract-key-fields.ts";
import { limitContract } from "./contract-limits.ts";
import { moveContract } from "./contract-move.ts";
import { packedContract } from "./contract-packed.ts";
import { queryContract } from "./contract-query.ts";
import { unitContract } from "./contract-units.ts";
import { valueContract } from "./contract-values.ts";
import type { Opened, OpenTable } from "./entities.ts";

/** What every driver guarantees. One table serves all tests of a driver: each test uses partitions of its own. */
export function tableContract(name: string, openTable: OpenTable): void {
  describe(name, () => {
    let opened: Opened;
    beforeAll(async () => {
      opened = await openTable();
    });
    afterAll(() => opened?.close());
    const get = () => opened;
    commitContract(get);
    incrementContract(get);
    keyFieldContract(get);
    moveContract(get);
    packedContract(get);
    expiryContract(get);
    queryContract(get);
    limitContract(get);
    valueContract(get);
    unitContract(get);
  });
}
