/** What the records of an action are marked with, for those who have to show them: rules on accounts of companies, and on data of persons. */
export const AUDIT_FLAGS = ["sox", "gdpr"] as const;
export type AuditFlag = (typeof AUDIT_FLAGS)[number];

interface AuditActionFacts {
  /** The type of what it is done to. */
  readonly resource: string;
  readonly flags?: readonly AuditFlag[];
  /** What machines do many times an hour: it is in the log, and in no list by what it was done to, by whom or what. */
  readonly isBulk?: true;
}

/** Everything that leaves a record in the audit log, as `area.verb`, with what all records of it have in common. */
export const AUDIT_ACTIONS = {
  "account.annotate": { resource: "account" },
  "account.create": { resource: "account", flags: ["sox"] },
  "account.delete": { resource: "account", flags: ["sox"] },
  "account.noted": { resource: "account" },
  "account.patch": { resource: "account", flags: ["sox"] },
  "audit.erase": { resource: "user", flags: ["gdpr"] },
  "audit.retain": { resource: "organization", flags: ["sox", "gdpr"] },
  "client-login.approve": { resource: "client-login", flags: ["sox"] },
  "client-login.begin": { resource: "client-login" },
  "client-login.deny": { resource: "client-login", flags: ["sox"] },
  "collector.approve": { resource: "collector", flags: ["sox"] },
  "collector.patch": { resource: "collector", flags: ["sox"] },
  "collector.register": { resource: "collector", flags: ["sox"] },
  "collector.reject": { resource: "collector", flags: ["sox"] },
  "collector.revoke": { resource: "collector", flags: ["sox"] },
  "consumer.drop": { resource: "consumer" },
  "consumer.replay": { resource: "consumer" },
  "credential.create": { resource: "credential", flags: ["sox"] },
  "credential.fetch": { resource: "credential", flags: ["sox"] },
  "credential.reveal": { resource: "credential", flags: ["sox", "gdpr"] },
  "credential.revoke": { resource: "credential", flags: ["sox"] },
  "discovery.complete": { resource: "run", isBulk: true },
  "discovery.deliver": { resource: "run", isBulk: true },
  "discovery.quiet": { resource: "source", isBulk: true },
  "discovery.run": { resource: "run", isBulk: true },
  "discovery.shard": { resource: "scope", isBulk: true },
  "discovery.trigger": { resource: "collector" },
  "factor.confirm": { resource: "factor", flags: ["sox"] },
  "factor.create": { resource: "factor", flags: ["sox"] },
  "factor.remove": { resource: "factor", flags: ["sox"] },
  "factor.reset": { resource: "user", flags: ["sox"] },
  "forwarder.create": { resource: "forwarder", flags: ["sox", "gdpr"] },
  "forwarder.delete": { resource: "forwarder", flags: ["sox"] },
  "forwarder.patch": { resource: "forwarder", flags: ["sox", "gdpr"] },
  "forwarder.replay": { resource: "forwarder" },
  "forwarder.rotate": { resource: "forwarder", flags: ["sox"] },
  "forwarder.test": { resource: "forwarder" },
  "group.add": { resource: "group", flags: ["sox", "gdpr"] },
  "group.create": { resource: "group", flags: ["sox"] },
  "group.delete": { resource: "group", flags: ["sox"] },
  "group.patch": { resource: "group", flags: ["sox"] },
  "group.remove": { resource: "group", flags: ["sox", "gdpr"] },
  "hold.approve": { resource: "hold", flags: ["sox"] },
  "hold.reject": { resource: "hold", flags: ["sox"] },
  "identity-provider.create": { resource: "identity-provider", flags: ["sox"] },
  "identity-provider.delete": { resource: "identity-provider", flags: ["sox"] },
  "identity-provider.logout": { resource: "identity-provider", flags: ["gdpr"] },
  "identity-provider.patch": { resource: "identity-provider", flags: ["sox"] },
  "identity.link": { resource: "user", flags: ["sox", "gdpr"] },
  "identity.unlink": { resource: "user", flags: ["sox", "gdpr"] },
  "job.cancel": { resource: "job" },
  "job.end": { resource: "job", isBulk: true },
  "job.run": { resource: "job" },
  "organization.create": { resource: "organization", flags: ["sox"] },
  "organization.patch": { resource: "organization", flags: ["sox"] },
  "password.link": { resource: "user", flags: ["sox"] },
  "password.set": { resource: "user", flags: ["sox"] },
  "policy.create": { resource: "policy", flags: ["sox"] },
  "policy.delete": { resource: "policy", flags: ["sox"] },
  "policy.replace": { resource: "policy", flags: ["sox"] },
  "request.refused": { resource: "caller" },
  "resource.annotate": { resource: "resource" },
  "role-binding.create": { resource: "role-binding", flags: ["sox"] },
  "role-binding.delete": { resource: "role-binding", flags: ["sox"] },
  "scim-source.create": { resource: "scim-source", flags: ["sox"] },
  "scim-source.delete": { resource: "scim-source", flags: ["sox"] },
  "scim-source.link": { resource: "scim-source", flags: ["sox"] },
  "scim.bulk": { resource: "scim-source" },
  "scope.forget": { resource: "scope" },
  "service-account.create": { resource: "service-account", flags: ["sox"] },
  "service-account.delete": { resource: "service-account", flags: ["sox"] },
  "service-account.patch": { resource: "service-account", flags: ["sox"] },
  "session.begin": { resource: "identity-provider" },
  "session.challenge": { resource: "session" },
  "session.create": { resource: "session", flags: ["gdpr"] },
  "session.end": { resource: "session", flags: ["gdpr"] },
  "session.step-up": { resource: "session", flags: ["sox"] },
  "token.create": { resource: "token", flags: ["sox"] },
  "token.exchange": { resource: "trust-rule", flags: ["sox"] },
  "token.recover": { resource: "token", flags: ["sox"] },
  "token.rotate": { resource: "token", flags: ["sox"] },
  "token.revoke": { resource: "token", flags: ["sox"] },
  "trust-rule.create": { resource: "trust-rule", flags: ["sox"] },
  "trust-rule.delete": { resource: "trust-rule", flags: ["sox"] },
  "trust-rule.replace": { resource: "trust-rule", flags: ["sox"] },
  "user.create": { resource: "user", flags: ["sox", "gdpr"] },
  "user.delete": { resource: "user", flags: ["sox", "gdpr"] },
  "user.patch": { resource: "user", flags: ["sox", "gdpr"] },
  "user.unlock": { resource: "user", flags: ["sox"] },
} as const satisfies Readonly<Record<string, AuditActionFacts>>;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

export const AUDIT_ACTION_NAMES = Object.keys(AUDIT_ACTIONS) as [AuditAction, ...AuditAction[]];

/** What all records of an action have in common. */
export const factsOf = (action: AuditAction): AuditActionFacts => AUDIT_ACTIONS[action];
