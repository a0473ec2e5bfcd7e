import { createHash, randomBytes } from "node:crypto";
import type { Call } from "./call.ts";
import { AwsError } from "./errors.ts";
import type { EncryptionContext, KeySpec, KmsKey } from "./kms-keys.ts";
import { principalArn } from "./principals.ts";
import { partitionOf } from "./regions.ts";

type Json = Readonly<Record<string, unknown>>;
type Operation = (call: Call, input: Json) => Json;

const operations: Readonly<Record<string, Operation>> = {
  CreateKey: createKey,
  DescribeKey: (call, input) => ({ KeyMetadata: metadata(keyFor(call, input)) }),
  GetPublicKey: getPublicKey,
  Sign: signMessage,
  GenerateDataKey: generateDataKey,
  Encrypt: (call, input) => {
    const key = keyFor(call, input);
    const plaintext = bytes(input, "Plaintext", 4_096);
    const ciphertext = call.estate.kms.encrypt(key, plaintext, context(input));
    return { CiphertextBlob: base64(ciphertext), KeyId: keyArn(key), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
  },
  Decrypt: decrypt,
};

/** The JSON answer to a KMS request. Throws AwsError with KMS's codes. */
export function answerKms(call: Call, input: Json): Json {
  const operation = Object.hasOwn(operations, call.operation) ? operations[call.operation] : undefined;
  if (operation === undefined) throw new AwsError("UnknownOperationException", "");
  return operation(call, input);
}

function createKey(call: Call, input: Json): Json {
  const spec = oneOf<KeySpec>(input, "KeySpec", ["SYMMETRIC_DEFAULT", "ECC_NIST_P256"], "SYMMETRIC_DEFAULT");
  const usage = oneOf(input, "KeyUsage", ["ENCRYPT_DECRYPT", "SIGN_VERIFY"], "ENCRYPT_DECRYPT");
  if (usage !== usageOf(spec)) throw invalid(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  const { accountId: account } = call.principal;
  const key = call.estate.kms.create({
    account,
    region: call.region,
    spec,
    description: text(input, "Description") ?? "",
  });
  return { KeyMetadata: metadata(key) };
}

function getPublicKey(call: Call, input: Json): Json {
  const key = keyFor(call, input);
  return {
    KeyId: keyArn(key),
    PublicKey: base64(call.estate.kms.publicKey(key)),
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    KeyUsage: usageOf(key.spec),
    SigningAlgorithms: ["ECDSA_SHA_256"],
  };
}

function signMessage(call: Call, input: Json): Json {
  const key = keyFor(call, input);
  oneOf(input, "SigningAlgorithm", ["ECDSA_SHA_256"]);
  const message = bytes(input, "Message", 4_096);
  const hashed = oneOf(input, "MessageType", ["RAW", "DIGEST"], "RAW") === "DIGEST";
  if (hashed && message.byteLength !== 32) throw invalid("Digest is invalid length for algorithm ECDSA_SHA_256.");
  const digest = hashed ? message : createHash("sha256").update(message).digest();
  return {
    KeyId: keyArn(key),
    Signature: base64(call.estate.kms.signDigest(key, digest)),
    SigningAlgorithm: "ECDSA_SHA_256",
  };
}

function generateDataKey(call: Call, input: Json): Json {
  const key = keyFor(call, input);
  const spec = input.KeySpec === undefined ? undefined : oneOf(input, "KeySpec", ["AES_256", "AES_128"]);
  const wish = input.NumberOfBytes;
  if ((spec === undefined) === (wish === undefined))
    throw invalid("Please specify either number of bytes or key spec, and not both.");
  if (wish !== undefined && !(typeof wish === "number" && Number.isSafeInteger(wish) && wish >= 1 && wish <= 1_024))
    throw invalid("NumberOfBytes must be 1 to 1024");
  const plaintext = randomBytes(typeof wish === "number" ? wish : spec === "AES_128" ? 16 : 32);
  return {
    KeyId: keyArn(key),
    Plaintext: base64(plaintext),
    CiphertextBlob: base64(call.estate.kms.encrypt(key, plaintext, context(input))),
  };
}

function decrypt(call: Call, input: Json): Json {
  const ciphertext = bytes(input, "CiphertextBlob", 6_144);
  const madeBy = call.estate.kms.keyIdOf(ciphertext);
  const key = keyFor(call, { KeyId: text(input, "KeyId") ?? madeBy });
  if (key.id !== madeBy)
    throw new AwsError(
      "IncorrectKeyException",
      "The key ID in the request does not identify a CMK that can perform this operation.",
    );
  const plaintext = call.estate.kms.decrypt(key, ciphertext, context(input));
  return { KeyId: keyArn(key), Plaintext: base64(plaintext), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
}

/** The key that `KeyId` (id or ARN) names, if the caller may use it: keys belong to one account, and denials come first. */
function keyFor(call: Call, input: Json): KmsKey {
  const named = text(input, "KeyId");
  if (named === undefined) throw invalid("Value null at 'keyId' failed to satisfy constraint: Member must not be null");
  const fromArn = /^arn:[\w-]+:kms:(?<region>[\w-]+):(?<account>\d{12}):key\/(?<id>[\w-]+)$/.exec(named)?.groups;
  const id = fromArn?.id ?? named;
  const key = call.estate.kms.find(id, call.region);
  const arn = `arn:${partitionOf(call.region)}:kms:${call.region}:${fromArn?.account ?? call.principal.accountId}:key/${id}`;
  if (key === undefined || (fromArn !== undefined && keyArn(key) !== named))
    throw new AwsError("NotFoundException", `Key '${arn}' does not exist`);
  const { accessKeyId, accountId } = call.principal;
  if (key.account !== accountId || call.estate.kms.isDenied({ keyId: id, accessKeyId, operation: call.operation }))
    throw new AwsError(
      "AccessDeniedException",
      `User: ${principalArn(call.principal, call.region)} is not authorized to perform: kms:${call.operation} on resource: ${arn}`,
    );
  return key;
}

function keyArn(key: KmsKey): string {
  return `arn:${partitionOf(key.region)}:kms:${key.region}:${key.account}:key/${key.id}`;
}

function usageOf(spec: KeySpec): "ENCRYPT_DECRYPT" | "SIGN_VERIFY" {
  return spec === "SYMMETRIC_DEFAULT" ? "ENCRYPT_DECRYPT" : "SIGN_VERIFY";
}

function metadata(key: KmsKey): Json {
  const signing = key.spec !== "SYMMETRIC_DEFAULT";
  return {
    AWSAccountId: key.account,
    KeyId: key.id,
    Arn: keyArn(key),
    CreationDate: key.createdAt.getTime() / 1_000,
    Enabled: true,
    Description: key.description,
    KeyUsage: usageOf(key.spec),
    KeyState: "Enabled",
    Origin: "AWS_KMS",
    KeyManager: "CUSTOMER",
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    EncryptionAlgorithms: signing ? undefined : ["SYMMETRIC_DEFAULT"],
    SigningAlgorithms: signing ? ["ECDSA_SHA_256"] : undefined,
    MultiRegion: false,
  };
}

function text(input: Json, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || typeof value === "string") return value;
  throw new AwsError("SerializationException", `${name} must be a string`);
}

function oneOf<T extends string>(input: Json, name: string, allowed: readonly T[], fallback?: T): T {
  const value = text(input, name) ?? fallback;
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw invalid(`Value '${value}' at '${name}' failed to satisfy constraint: one of [${allowed.join(", ")}]`);
  return found;
}

function bytes(input: Json, name: string, most: number): Uint8Array {
  const value = Buffer.from(text(input, name) ?? "", "base64");
  if (value.byteLength < 1 || value.byteLength > most) throw invalid(`${name} must have 1 to ${most} bytes`);
  return value;
}

function base64(value: Uint8Array): string {
  return Buffer.from(value).toString("base64");
}

function context(input: Json): EncryptionContext {
  const value = input.EncryptionContext ?? {};
  if (
    typeof value !== "object" ||
    Array.isArray(value) ||
    Object.values(value).some((each) => typeof each !== "string")
  )
    throw new AwsError("SerializationException", "EncryptionContext must be an object of strings");
  return value as EncryptionContext;
}

function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message);
}
