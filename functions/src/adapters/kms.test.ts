import { KMS } from "@aws-sdk/client-kms";
import { UnreadableError } from "@cadastre/core/vault/ports";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKmsOpener } from "./kms-opener.ts";
import { createKmsSealer } from "./kms-sealer.ts";

const SECRET = Buffer.from("canary-7f3a91");
const BOUND = { credential: "crd_1", type: "generic", provider: "aws", account: "111111111111" };
const REGION = "us-east-1";

let simulator: AwsSimulator;
let client: KMS;

beforeAll(async () => {
  simulator = await startAwsSimulator({ estate: createAwsEstate({ seed: "vault" }), faults: createFaults() });
  client = new KMS(clientOptions());
});
afterAll(() => simulator.stop());

function clientOptions() {
  const environment = awsEnvironment(simulator);
  return {
    endpoint: simulator.url,
    region: REGION,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
    },
  };
}

async function aKey(): Promise<{ keyId: string; keyArn: string }> {
  const { KeyMetadata } = await client.createKey({});
  return { keyId: KeyMetadata?.KeyId ?? "", keyArn: KeyMetadata?.Arn ?? "" };
}

describe("encryption under a KMS key", () => {
  test("opens what it sealed, over the wire, with the committing suite and a data key for each message", async () => {
    const { keyArn } = await aKey();
    const sealer = createKmsSealer({ keyArn, client });
    const one = await sealer.seal(SECRET, BOUND);
    const two = await sealer.seal(SECRET, BOUND);
    expect([...one.subarray(0, 3)]).toEqual([0x02, 0x04, 0x78]);
    expect(Buffer.from(one).includes(SECRET)).toBe(false);
    expect(Buffer.from(one).equals(two)).toBe(false);
    expect(Buffer.from(await createKmsOpener({ keyArn, client }).open(one, BOUND))).toEqual(SECRET);
  });

  test.each([
    ["another row", { ...BOUND, credential: "crd_2" }],
    ["one pair less", { credential: "crd_1", type: "generic", provider: "aws" }],
    ["one pair more", { ...BOUND, more: "1" }],
  ])("does not open in a context of %s", async (_, context) => {
    const { keyArn } = await aKey();
    const sealed = await createKmsSealer({ keyArn, client }).seal(SECRET, BOUND);
    const opener = createKmsOpener({ keyArn, client });
    await expect(opener.open(sealed, context)).rejects.toBeInstanceOf(UnreadableError);
  });

  test("does not open when altered, or sealed under another key", async () => {
    const { keyArn } = await aKey();
    const other = await aKey();
    const sealed = await createKmsSealer({ keyArn, client }).seal(SECRET, BOUND);
    const opener = createKmsOpener({ keyArn, client });
    // One byte of each part: the context, the data key that KMS wrapped, the commitment, the body, the tag.
    for (const at of [60, 200, 300, sealed.length - 20, sealed.length - 1]) {
      const altered = Uint8Array.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await expect(opener.open(altered, BOUND)).rejects.toBeInstanceOf(UnreadableError);
    }
    const wrong = createKmsOpener({ keyArn: other.keyArn, client });
    await expect(wrong.open(sealed, BOUND)).rejects.toBeInstanceOf(UnreadableError);
    expect(Buffer.from(await opener.open(sealed, BOUND))).toEqual(SECRET);
  });

  test("that is not allowed to decrypt says so as KMS's own error, not as an unreadable ciphertext", async () => {
    const { keyId, keyArn } = await aKey();
    const sealed = await createKmsSealer({ keyArn, client }).seal(SECRET, BOUND);
    const opener = createKmsOpener({ keyArn, client });
    const allow = simulator.estate.kms.deny({ keyId, operation: "Decrypt" });
    await expect(opener.open(sealed, BOUND)).rejects.toMatchObject({ name: "AccessDeniedException" });
    allow();
    expect(Buffer.from(await opener.open(sealed, BOUND))).toEqual(SECRET);
  });

  test("when KMS does not answer says so as an outage", async () => {
    const { keyArn } = await aKey();
    const sealed = await createKmsSealer({ keyArn, client }).seal(SECRET, BOUND);
    const nowhere = new KMS({ ...clientOptions(), endpoint: "http://127.0.0.1:1", maxAttempts: 1 });
    const opener = createKmsOpener({ keyArn, client: nowhere });
    const error = await opener.open(sealed, BOUND).catch((caught: Error) => caught);
    expect(error).not.toBeInstanceOf(UnreadableError);
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("sealing never calls Decrypt, so that the API needs no right to it", async () => {
    const { keyId, keyArn } = await aKey();
    simulator.estate.kms.deny({ keyId, operation: "Decrypt" });
    simulator.estate.kms.deny({ keyId, operation: "Encrypt" });
    await createKmsSealer({ keyArn, client }).seal(SECRET, BOUND);
  });

  test("refuses an alias or another ARN, because a message names its key by its own ARN", () => {
    for (const keyArn of ["alias/vault", "arn:aws:kms:us-east-1:111111111111:alias/vault", ""]) {
      expect(() => createKmsSealer({ keyArn })).toThrow("not the ARN of a KMS key");
      expect(() => createKmsOpener({ keyArn })).toThrow("not the ARN of a KMS key");
    }
  });
});
