import { createInventory } from "./aws/inventory.ts";
import { createKmsKeys, type KmsKeys } from "./aws/kms-keys.ts";
import { type AwsMutations, createMutations, placeOf } from "./aws/mutations.ts";
import { createOverrides } from "./aws/overrides.ts";
import { type AwsAccount, type AwsEstateOptions, planEstate } from "./aws/plan.ts";
import { createPrincipals, type Principals } from "./aws/principals.ts";
import { type AwsView, isEnabled, viewOf } from "./aws/views.ts";

/** A synthetic organisation with its accounts, networks and machines. See createAwsEstate. */
export interface AwsEstate {
  /** The management account first, suspended ones last. */
  readonly accounts: readonly AwsAccount[];
  /** `o-…` */
  readonly organizationId: string;
  readonly regions: readonly string[];
  /** The role that every active account lets any principal of the organisation assume. */
  readonly role: { readonly name: string; readonly externalId: string };
  /** What EC2 shows to an account in a region. Throws RangeError for an account that is not active or an unknown region. */
  view(account: string, region: string): AwsView;
  /** False for regions outside the estate and for those switched off for the account. */
  isEnabled(account: string, region: string): boolean;
  readonly mutate: AwsMutations;
  /** Accounts that do not have the role: empty at first, and a test may add to it. */
  readonly accountsWithoutRole: Set<string>;
  readonly principals: Principals;
  readonly kms: KmsKeys;
  readonly now: () => Date;
}

/**
 * An estate that follows from its seed and options alone. Every resource is computed from its number when it is asked for;
 * nothing is kept but a bounded cache of VPC plans, a count per subnet, and the changes made through `mutate`, so an estate of
 * any size costs no memory. Throws RangeError when an option is out of its limits.
 */
export function createAwsEstate(options: AwsEstateOptions): AwsEstate {
  const plan = planEstate(options);
  const now = options.now ?? (() => new Date());
  const overrides = createOverrides();
  const inventory = createInventory(plan, overrides);
  return {
    accounts: plan.accounts,
    organizationId: `o-${plan.random.hex(10, "organization")}`,
    regions: plan.regions,
    role: { name: options.roleName ?? "CadastreReader", externalId: options.externalId ?? "cadastre-simulator" },
    view: (account, region) => viewOf(plan, inventory, overrides, placeOf(plan, account, region)),
    isEnabled: (account, region) => {
      const index = plan.accounts.findIndex(({ id }) => id === account);
      return index >= 0 && isEnabled(plan, overrides, index, region);
    },
    mutate: createMutations(plan, inventory, overrides),
    accountsWithoutRole: new Set(),
    principals: createPrincipals(plan, now),
    kms: createKmsKeys(now),
    now,
  };
}
