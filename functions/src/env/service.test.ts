import { describe, expect, test } from "vitest";
import { readApiConfig, readVaultConfig } from "./service.ts";
import { refusal } from "./testing.ts";

const API = {
  TABLE_NAME: "cadastre",
  DATA_KEY_ARN: "arn:aws:kms:eu-west-1:123456789012:key/abc-1",
  EVENT_BUS_NAME: "triggers",
};

describe("the environment of the API", () => {
  test("has the product's own hold policy unless it says otherwise", () => {
    expect(readApiConfig(API).holdPolicy).toEqual({ share: 0.25, floor: 3 });
    const given = { ...API, CADASTRE_HOLD_SHARE: "0.5", CADASTRE_HOLD_FLOOR: "0" };
    expect(readApiConfig(given).holdPolicy).toEqual({ share: 0.5, floor: 0 });
  });

  test("knows blocks of addresses from where people may call, and refuses what is none", () => {
    expect(readApiConfig(API).allowedAddresses).toBeUndefined();
    const given = { ...API, CADASTRE_ALLOWED_ADDRESSES: "203.0.113.0/24, 2001:db8::1" };
    expect(readApiConfig(given).allowedAddresses?.map(({ length }) => length)).toEqual([24, 128]);
    expect(readVaultConfig(given).allowedAddresses).toHaveLength(2);
    const wrong = refusal(() => readApiConfig({ ...API, CADASTRE_ALLOWED_ADDRESSES: "203.0.113.1/24,all" }));
    expect(wrong.match(/CADASTRE_ALLOWED_ADDRESSES must be/g)).toHaveLength(2);
    expect(wrong).toContain("the prefix is 203.0.113.0/24");
  });

  test("is refused with every variable that is wrong, and what is allowed", () => {
    const message = refusal(() =>
      readApiConfig({
        DATA_KEY_ARN: "alias/x",
        EVENT_BUS_NAME: "",
        TABLE_NAME: "cadastre",
        CADASTRE_HOLD_SHARE: "2",
      }),
    );
    expect(message.split("\n").slice(1).sort()).toEqual([
      "- CADASTRE_HOLD_SHARE must be a number from 0 to 1",
      "- DATA_KEY_ARN must be a KMS key's ARN, arn:aws:kms:region:account:key/id",
      "- EVENT_BUS_NAME is missing",
    ]);
  });

  test("of the vault needs no bus", () => {
    const { EVENT_BUS_NAME: _, ...rest } = API;
    expect(readVaultConfig(rest)).toMatchObject({ tableName: "cadastre", dataKeyArn: API.DATA_KEY_ARN });
  });
});
