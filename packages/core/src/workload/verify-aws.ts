import type { Trust } from "@cadastre/contract/trust-rule";
import * as z from "zod";
import type { Outside } from "../limits/outside.ts";
import { readAwsRequest, type SignedRequest } from "./aws-request.ts";
import { matches } from "./match.ts";
import { SubjectRefusedError } from "./refusal.ts";
import type { Subject } from "./verify-jwt.ts";

type AwsTrust = Extract<Trust, { type: "aws" }>;

const ROLE =
  /^arn:aws(?:-cn|-us-gov)?:sts::(?<account>\d{12}):assumed-role\/(?<role>[\w+=,.@-]{1,64})\/[\w+=,.@-]{1,64}$/;

const answer = z.object({
  GetCallerIdentityResponse: z.object({
    GetCallerIdentityResult: z.object({ Account: z.string(), Arn: z.string().max(2048) }),
  }),
});

/** How AWS is asked. */
export interface AwsPorts {
  readonly outside: Outside;
  /** Stands for STS where the configuration names one. */
  readonly stsEndpoint?: string | undefined;
}

async function ask({ outside }: AwsPorts, { url, headers, body }: SignedRequest) {
  try {
    const response = await outside.fetch(url, {
      method: "POST",
      headers: { ...headers, accept: "application/json" },
      body,
    });
    if (response.status !== 200) throw new SubjectRefusedError(`STS answered ${response.status}`);
    return answer.parse(await response.json()).GetCallerIdentityResponse.GetCallerIdentityResult;
  } catch (cause) {
    if (cause instanceof SubjectRefusedError) throw cause;
    throw new SubjectRefusedError("STS did not answer as it should", { cause });
  }
}

/**
 * Who signed a request to GetCallerIdentity, as AWS itself says when it is asked with it: an assumed role of the rule's account. It counts once.
 * Throws SubjectRefusedError.
 */
export async function verifyAws(text: string, trust: AwsTrust, ports: AwsPorts, now: Date): Promise<Subject> {
  const { audience, account, role } = trust;
  const signed = readAwsRequest(text, { audience, now, endpoint: ports.stsEndpoint });
  const { Account, Arn } = await ask(ports, signed);
  const said = ROLE.exec(Arn)?.groups;
  if (!said || said.account !== Account) throw new SubjectRefusedError("it is not of a role");
  if (said.account !== account) throw new SubjectRefusedError(`${Arn} is of another account`);
  if (!matches(role, said.role ?? "")) throw new SubjectRefusedError(`${Arn} is of another role`);
  return { name: Arn, expiresAt: signed.expiresAt, once: `aws\n${signed.signature}` };
}
