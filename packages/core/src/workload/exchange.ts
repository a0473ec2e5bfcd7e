import { hash } from "node:crypto";
import { ProblemError } from "@cadastre/contract/errors";
import { idSchema, newId } from "@cadastre/contract/ids";
import {
  ACCESS_TOKEN_TYPE,
  AWS_REQUEST_TYPE,
  JWT_TYPES,
  type TokenAnswer,
  type TokenRequest,
} from "@cadastre/contract/oauth";
import type { TokenScope } from "@cadastre/contract/token";
import { check, create, type Stored } from "@cadastre/store/table";
import { TokenItem } from "../access/items.ts";
import { newTokenText } from "../access/token-text.ts";
import { toTokenItem } from "../access/tokens.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Context, inOrganization, nameOf, principalOf } from "../context.ts";
import { ServiceAccountItem } from "../directory/items.ts";
import { readOrganization } from "../directory/organizations.ts";
import { requireAddress } from "../limits/address-list.ts";
import type { Outside } from "../limits/outside.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { expectedOf } from "./expected.ts";
import { SubjectUseItem, TrustRuleItem } from "./items.ts";
import { createKeySets, type KeysOf, pinnedKeys } from "./key-sets.ts";
import { createRefusalRecords, type RecordRefusal } from "./record-refusal.ts";
import { refused, SubjectRefusedError } from "./refusal.ts";
import { verifyAws } from "./verify-aws.ts";
import { type Subject, verifyJwt } from "./verify-jwt.ts";

/** How issuers and AWS are asked; without it only rules that have keys of their own are met. */
export interface ExchangePorts {
  readonly context: Context;
  readonly outside?: Outside | undefined;
  /** Stands for AWS's STS, for tests and simulated clouds. */
  readonly stsEndpoint?: string | undefined;
}

/** From where a token is asked for, and in which request. */
export interface ExchangeCall {
  readonly requestId: string;
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
}

export type Exchange = (context: Context, request: TokenRequest, call: ExchangeCall) => Promise<TokenAnswer>;

const missing = (name: string): ProblemError =>
  new ProblemError("request.invalid", `${name} is missing`, { errors: [{ path: name, message: "is missing" }] });

/** What a request to exchange must have. Throws 422 `request.invalid`; 400 `grant.refused` for what is no id of a rule. */
function parseRequest({ audience, subject_token: text, subject_token_type: type, scope }: TokenRequest) {
  if (audience === undefined) throw missing("audience");
  if (text === undefined) throw missing("subject_token");
  if (type === undefined) throw missing("subject_token_type");
  const isAws = type === AWS_REQUEST_TYPE;
  if (!isAws && !(JWT_TYPES as readonly string[]).includes(type)) {
    const message = `one of ${[...JWT_TYPES, AWS_REQUEST_TYPE].join(", ")}`;
    throw new ProblemError("request.invalid", `subject_token_type: ${message}`, {
      errors: [{ path: "subject_token_type", message }],
    });
  }
  if (!idSchema("trustRule").safeParse(audience).success) throw refused();
  return { rule: audience, text, isAws, scopes: scope?.split(" ").filter((one) => one !== "") };
}

type Asked = ReturnType<typeof parseRequest>;

/** The scopes that a token gets: those of the rule, or of them those that are asked for. Throws 400 `grant.scope`. */
function scopesOf(rule: TrustRuleItem, wanted: readonly string[] | undefined): TokenScope[] {
  if (wanted === undefined || wanted.length === 0) return [...rule.scopes];
  const given = rule.scopes.filter((one) => wanted.includes(one));
  if (wanted.some((one) => !(given as readonly string[]).includes(one)))
    throw new ProblemError("grant.scope", `the rule gives ${rule.scopes.join(" ")}`);
  return given;
}

/** For a token that nobody lists: it ends by itself, and is forgotten a day later. */
const REMEMBERED_SECONDS = 86_400;

interface Ports extends ExchangePorts {
  readonly keysOf: KeysOf;
}

/** Who a subject token is of, by what the rule trusts. Throws SubjectRefusedError. */
async function verify(rule: TrustRuleItem, { text, isAws }: Asked, ports: Ports, now: Date): Promise<Subject> {
  const { trusts } = rule;
  if ((trusts.type === "aws") !== isAws) throw new SubjectRefusedError("it is of another type than the rule trusts");
  if (trusts.type === "aws") {
    const { outside, stsEndpoint } = ports;
    if (!outside) throw new SubjectRefusedError("AWS cannot be asked from here");
    return verifyAws(text, trusts, { outside, stsEndpoint }, now);
  }
  const expected = expectedOf(trusts);
  const keys = expected.keys ? await pinnedKeys(expected.keys) : await ports.keysOf(expected.issuer);
  return verifyJwt(text, expected, { keys, now });
}

/** What a subject token counts once by; undefined where it may be exchanged again. Throws SubjectRefusedError. */
function onceOf({ id, singleUse, trusts }: TrustRuleItem, { once }: Subject): string | undefined {
  if (!singleUse && trusts.type !== "aws") return undefined;
  if (once === undefined) throw new SubjectRefusedError("it has no jti, and the rule takes each only once");
  return hash("sha256", `${id}\n${once}`);
}

/** The service account as it stands, and that one may call from there. Throws SubjectRefusedError. */
async function readStanding(own: Context, rule: TrustRuleItem, address: string | undefined) {
  const [account, organization] = await Promise.all([
    own.table.get(ServiceAccountItem, { id: rule.serviceAccount }, { consistent: true }),
    readOrganization(own, own.organization),
  ]);
  if (!account || account.disabled || !organization)
    throw new SubjectRefusedError("the service account is disabled or removed");
  try {
    requireAddress(address, rule.addresses === undefined ? undefined : { allow: rule.addresses });
    requireAddress(address, organization.addresses);
  } catch (cause) {
    throw new SubjectRefusedError("nobody may call from this address", { cause });
  }
  return account;
}

const secondsOf = (rule: TrustRuleItem, { expiresAt }: Subject, now: Date): number =>
  rule.endsWithSubject
    ? Math.max(1, Math.min(rule.tokenSeconds, Math.floor(expiresAt - now.getTime() / 1000)))
    : rule.tokenSeconds;

/**
 * Gives a token for a subject that was verified. It rests on the rule and the service account as they were read, and uses the subject up where it
 * counts once: of two requests at once one is given a token. Writes token, use, and one audit record.
 */
async function give(
  own: Context,
  verified: Stored<TrustRuleItem>,
  { asked, subject, call }: { readonly asked: Asked; readonly subject: Subject; readonly call: ExchangeCall },
): Promise<TokenAnswer> {
  const at = own.now();
  const { id } = verified;
  const token = newId("token", at);
  const text = newTokenText(token);
  return retryOnConflict(async () => {
    const rule = await own.table.get(TrustRuleItem, { id }, { consistent: true });
    if (rule?.version !== verified.version) throw new SubjectRefusedError("the rule was changed meanwhile");
    const account = await readStanding(own, rule, call.address);
    const scopes = scopesOf(rule, asked.scopes);
    const seconds = secondsOf(rule, subject, at);
    const slot = onceOf(rule, subject);
    const principal = { type: "service-account", id: account.id } as const;
    const { accounts, addresses } = rule;
    const given = {
      name: `${rule.name}: ${subject.name}`.slice(0, 128).toWellFormed(),
      scopes,
      expiresInSeconds: seconds,
      ...(accounts === undefined ? {} : { accounts }),
      ...(addresses === undefined ? {} : { addresses }),
    };
    const item = {
      ...toTokenItem(token, text, given, {
        now: at,
        createdBy: nameOf(principal),
        organization: own.organization,
        principal,
        epoch: account.epoch,
      }),
      forgottenAt: Math.ceil(at.getTime() / 1000) + seconds + REMEMBERED_SECONDS,
    };
    const actor = {
      principal: {
        ...principalOf({ ...principal, name: account.name }, own.organization),
        groups: account.groups,
        roles: account.roles,
      },
      ...call,
    };
    // The use is first, so that it is known by its place.
    const use = slot === undefined ? [] : [create(SubjectUseItem, { slot, expiresAt: subject.expiresAt })];
    const writes = [
      ...use,
      create(TokenItem, item),
      check(TrustRuleItem, { id }, rule.version),
      check(ServiceAccountItem, { id: account.id }, account.version),
    ];
    try {
      await commitRecorded(own, actor, writes, {
        action: "token.exchange",
        target: id,
        detail: { token, subject: subject.name, scopes, expiresAt: item.expiresAt },
      });
    } catch (cause) {
      if (slot !== undefined && isTaken(cause, 0)) throw new SubjectRefusedError("it was exchanged before", { cause });
      throw cause;
    }
    return {
      access_token: text,
      issued_token_type: ACCESS_TOKEN_TYPE,
      token_type: "Bearer",
      expires_in: seconds,
      scope: scopes.join(" "),
    };
  });
}

/**
 * Makes what exchanges a token that a workload has from its platform for one of a service account (RFC 8693), by a trust rule. Every way in which
 * rule or subject do not fit is one answer, 400 `grant.refused`; the reason is in the audit log of the rule's organization. Throws also 422
 * `request.invalid`, and for a subject that fits 400 `grant.scope`. Writes what `give` writes, or the record of the refusal.
 */
export function createExchange(options: ExchangePorts): Exchange {
  const { context: given, outside } = options;
  const unreachable: KeysOf = () => Promise.reject(new SubjectRefusedError("issuers cannot be asked from here"));
  const ports = { ...options, keysOf: outside ? createKeySets({ outside, now: given.now }) : unreachable };
  const recordRefusal: RecordRefusal = createRefusalRecords(given.now);
  return async function exchange(context, request, call) {
    const asked = parseRequest(request);
    const rule = await context.table.get(TrustRuleItem, { id: asked.rule }, { consistent: true });
    if (!rule) throw refused();
    const own = inOrganization(context, rule.organization);
    try {
      if (rule.disabled) throw new SubjectRefusedError("the rule is disabled or removed");
      const subject = await verify(rule, asked, ports, context.now());
      return await give(own, rule, { asked, subject, call });
    } catch (error) {
      const isScope = error instanceof ProblemError && error.code === "grant.scope";
      if (!isScope && !(error instanceof SubjectRefusedError)) throw error;
      await recordRefusal(own, call, { rule: rule.id, reason: error.message });
      throw isScope ? error : refused();
    }
  };
}
