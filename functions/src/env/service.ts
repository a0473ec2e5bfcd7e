import { DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, type HoldPolicy } from "@cadastre/core/context";
import { type TrustedProxies, toTrustedProxies } from "@cadastre/core/limits/client-address";
import { type RelyingParty, toRelyingParty } from "@cadastre/core/login/passkeys";
import { AddressError } from "@cadastre/net/address";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import * as z from "zod";
import { busName, days, keyArn, tableVariables, wholeNumber } from "./forms.ts";
import { type Environment, EnvironmentError, listed, readBy, readVariables } from "./read.ts";

/* What answers requests: the API, and the vault beside it. */

export const vaultVariables = tableVariables.extend({
  /** The key under which credentials are sealed. */
  DATA_KEY_ARN: keyArn,
  /** From where people may call, separated by commas. From anywhere when absent; collectors, which sign, always may. */
  CADASTRE_ALLOWED_ADDRESSES: z.string().optional(),
  /** Where people log in: what passkeys are bound to, and links lead to. Without it there are no passkeys. */
  CADASTRE_ORIGIN: z.string().optional(),
  /** Proxies in front of the gateway: how many, or their addresses. None when absent. */
  CADASTRE_TRUSTED_PROXIES: z.string().optional(),
});

export const apiVariables = vaultVariables.extend({
  /** The EventBridge bus on which collectors are told to run now. */
  EVENT_BUS_NAME: busName,
  CADASTRE_HOLD_SHARE: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, "must be a number from 0 to 1")
    .optional(),
  CADASTRE_HOLD_FLOOR: wholeNumber.optional(),
  CADASTRE_RETENTION_DAYS: days.optional(),
});

export type VaultEnvironment = z.input<typeof vaultVariables>;
export type ApiEnvironment = z.input<typeof apiVariables>;

export interface VaultConfig {
  readonly tableName: string;
  readonly allowedAddresses: readonly Prefix[] | undefined;
  readonly relyingParty: RelyingParty | undefined;
  readonly trustedProxies: TrustedProxies;
  readonly dataKeyArn: string;
  readonly holdPolicy: HoldPolicy;
  readonly retentionDays: number;
}

export interface ApiConfig extends VaultConfig {
  readonly eventBusName: string;
}

/** Blocks of addresses; a single address is one, too. Throws EnvironmentError. */
function toPrefixes(text: string | undefined): Prefix[] | undefined {
  if (text === undefined) return undefined;
  const problems: string[] = [];
  const prefixes = listed(text).flatMap((one) => {
    try {
      return parsePrefix(one, { allowAddress: true });
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      problems.push(`CADASTRE_ALLOWED_ADDRESSES must be blocks of addresses, separated by commas: ${error.message}`);
      return [];
    }
  });
  if (problems.length > 0) throw new EnvironmentError(problems);
  return prefixes;
}

/** How requests come, and what answers them. */
function readFront(variables: z.output<typeof vaultVariables>) {
  const { TABLE_NAME, DATA_KEY_ARN, CADASTRE_ALLOWED_ADDRESSES, CADASTRE_ORIGIN: origin } = variables;
  const proxies = variables.CADASTRE_TRUSTED_PROXIES ?? "";
  return {
    tableName: TABLE_NAME,
    allowedAddresses: toPrefixes(CADASTRE_ALLOWED_ADDRESSES),
    relyingParty: origin === undefined ? undefined : readBy("CADASTRE_ORIGIN", origin, toRelyingParty),
    trustedProxies: readBy("CADASTRE_TRUSTED_PROXIES", proxies, toTrustedProxies),
    dataKeyArn: DATA_KEY_ARN,
  };
}

export function readVaultConfig(environment: Environment): VaultConfig {
  return {
    ...readFront(readVariables(vaultVariables, environment)),
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
}

export function readApiConfig(environment: Environment): ApiConfig {
  const variables = readVariables(apiVariables, environment);
  return {
    ...readFront(variables),
    eventBusName: variables.EVENT_BUS_NAME,
    holdPolicy: {
      share: Number(variables.CADASTRE_HOLD_SHARE ?? DEFAULT_HOLD_POLICY.share),
      floor: Number(variables.CADASTRE_HOLD_FLOOR ?? DEFAULT_HOLD_POLICY.floor),
    },
    retentionDays: Number(variables.CADASTRE_RETENTION_DAYS ?? DEFAULT_RETENTION_DAYS),
  };
}
