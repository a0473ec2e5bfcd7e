import { type CREDENTIAL_TYPES, type CredentialSecret, credentialSecret } from "@cadastre/contract/credential";
import { toFieldErrors } from "@cadastre/contract/parse";
import { UsageError } from "./exit-codes.ts";

export type CredentialType = (typeof CREDENTIAL_TYPES)[number];

type Json = Readonly<Record<string, unknown>>;

function parseObject(text: string, what: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message repeats parts of the secret.
    throw new UsageError(`the secret is not JSON; for this type it is ${what}`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new UsageError(`the secret is not a JSON object; for this type it is ${what}`);
  }
  return value as Json;
}

/** Ours, or what `aws iam create-access-key` and `aws sts …` print. */
function accessKeyOf(text: string): Json {
  const document = parseObject(text, '{"accessKeyId": …, "secretAccessKey": …} or what the AWS CLI printed');
  const printed = (document.AccessKey ?? document.Credentials) as Json | undefined;
  if (printed === undefined) return document;
  const { AccessKeyId, SecretAccessKey, SessionToken } = printed;
  const session = SessionToken === undefined ? {} : { sessionToken: SessionToken };
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, ...session };
}

/**
 * A secret of a type from the text of a file: JSON for access keys and service account keys, PEM for SSH keys, one line for API
 * tokens, and for `generic` the text exactly as it is. Throws UsageError that names what is wrong and repeats nothing of the text.
 */
export function parseSecret(type: CredentialType, text: string, passphrase: string | undefined): CredentialSecret {
  const forms: Readonly<Record<CredentialType, () => Json>> = {
    aws_access_key: () => accessKeyOf(text),
    gcp_service_account_key: () => ({ key: parseObject(text, "the key file that Google made") }),
    ssh_private_key: () => ({ privateKey: text, ...(passphrase === undefined ? {} : { passphrase }) }),
    api_token: () => ({ token: text.replace(/\r?\n$/, "") }),
    generic: () => ({ secret: text }),
  };
  const parsed = credentialSecret.safeParse({ ...forms[type](), type });
  if (parsed.success) return parsed.data;
  const wrong = toFieldErrors(parsed.error).map(({ path, message }) => `${path || "secret"}: ${message}`);
  throw new UsageError(`the secret is not one of type ${type}: ${wrong.join("; ")}`);
}

/** A revealed secret as text: the secret itself where it is one text, JSON where it has several parts. */
export function formatSecret(secret: CredentialSecret): string {
  switch (secret.type) {
    case "api_token":
      return secret.token;
    case "generic":
      return secret.secret;
    case "ssh_private_key":
      return secret.privateKey;
    case "gcp_service_account_key":
      return `${JSON.stringify(secret.key, undefined, 2)}\n`;
    case "aws_access_key": {
      const { type: _, ...key } = secret;
      return `${JSON.stringify(key, undefined, 2)}\n`;
    }
  }
}
