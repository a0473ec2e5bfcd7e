/** Whose AWS accounts to look at. External ids are agreed with the accounts: no secrets, but not to be guessed. */
export type AwsAccounts =
  | { readonly own: true }
  | { readonly roles: readonly string[]; readonly externalId?: string }
  | {
      readonly organization: {
        /** Name of the role in every member account; `{account}` stands for the account's number. */
        readonly roleName: string;
        readonly externalId?: string;
        /** A role that may list the organization's accounts, when the deployment's own account may not. */
        readonly managementRoleArn?: string;
      };
    };

interface CollectorSettings {
  /** As it is registered at the API. */
  readonly name: string;
  readonly everyMinutes: number;
}

export interface AwsCollectorSettings extends CollectorSettings {
  readonly accounts: AwsAccounts;
  /** All that an account has enabled, when absent. */
  readonly regions?: readonly string[];
}

export interface EndpointsCollectorSettings extends CollectorSettings {
  /** Whose endpoints they are, as the collector is registered for. */
  readonly account: string;
  /** `host:port`, with `?sni=name` if wanted. More can be added later as parameters under the path that the stack prints. */
  readonly targets: readonly string[];
}

/** What is deployed, and how. A collector that is absent is not deployed. */
export interface Deployment {
  /** Begins the name of everything; two deployments in one account need two. Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Where alarms are sent. Without it they reach the topic alone. */
  readonly alarmEmail?: string;
  /** When a complete scope's losses wait for an operator. The product's own defaults when absent. */
  readonly holdPolicy?: { readonly share: number; readonly floor: number };
  /** How many days the feed of changes reaches back, and what has ended (holds, tokens) stays; 400 when absent. */
  readonly retentionDays?: number;
  readonly aws?: AwsCollectorSettings;
  readonly endpoints?: EndpointsCollectorSettings;
}

/** Edit this to deploy: `npm run types` checks its form, the functions check its meaning when they start. */
export const deployment: Deployment = {
  name: "cadastre",
  aws: { name: "aws", everyMinutes: 15, accounts: { own: true } },
  endpoints: { name: "endpoints", everyMinutes: 60, account: "main", targets: ["example.com:443"] },
};
