import { group } from "@cadastre/contract/group";
import { organization } from "@cadastre/contract/organization";
import { heldRole, principalRef } from "@cadastre/contract/principal";
import { roleBinding } from "@cadastre/contract/role-binding";
import { serviceAccount } from "@cadastre/contract/service-account";
import { user } from "@cadastre/contract/user";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const OrganizationItem = defineEntity({
  type: "organization",
  about:
    "An organization, and the version of what its policies and groups allow. Read strongly on every operator's request",
  global: true,
  schema: organization.omit({ version: true }).extend({
    policyVersion: z
      .int()
      .default(0)
      .meta({ description: "Raised in the commit that changes a policy, or what a group may do" }),
    scimPasswordsSince: z
      .string()
      .optional()
      .meta({ description: "When passwords that SCIM sets were let in: those that were set before are not" }),
    endedProviders: z
      .array(z.object({ id: z.string(), at: z.string() }))
      .optional()
      .meta({
        description:
          "Identity providers that were removed within the time that a session can last: their sessions have ended",
      }),
  }),
  key: { partition: (of: { id: string }) => `organization#${of.id}`, sort: () => "organization" },
});
export type OrganizationItem = ItemOf<typeof OrganizationItem>;

export const OrganizationSlugItem = defineEntity({
  type: "organization-slug",
  about: "Holds an organization's slug, so that two cannot have it",
  global: true,
  schema: z.object({ slug: z.string(), organization: z.string() }),
  key: { partition: (of: { slug: string }) => `organization-slug#${of.slug}`, sort: () => "slug" },
});

export const ORGANIZATIONS_PARTITION = "organizations";

export const OrganizationListItem = defineEntity({
  type: "organization-list",
  about: "The ids of all organizations, oldest first; none while there is only the first. Written once for each",
  global: true,
  schema: z.object({ id: z.string() }),
  key: { partition: () => ORGANIZATIONS_PARTITION, sort: (of: { id: string }) => of.id },
});

/** What a principal that is not a person in a login form has in common with one that is. */
const standing = {
  /** Raised when it is disabled: what was given to it before is of no use any more. */
  epoch: z.int().min(0),
  roles: z.array(heldRole),
};

export const UserItem = defineEntity({
  type: "user",
  about: "A user with the groups and roles it has. Read strongly on every request of its tokens and sessions",
  schema: user.omit({ version: true, organization: true }).extend({
    ...standing,
    loginEpoch: z
      .int()
      .optional()
      .meta({ description: "Raised with another password: its sessions end, its tokens do not" }),
  }),
  key: { partition: (of: { id: string }) => `user#${of.id}`, sort: () => "user" },
});
export type UserItem = ItemOf<typeof UserItem>;

export const ServiceAccountItem = defineEntity({
  type: "service-account",
  about: "A service account with the groups and roles it has. Read strongly on every request of its tokens",
  schema: serviceAccount.omit({ version: true, organization: true }).extend({
    ...standing,
    recovery: z
      .boolean()
      .optional()
      .meta({ description: "Made by the recovery invocation: roles alone decide what it may, and no policy" }),
  }),
  key: { partition: (of: { id: string }) => `service-account#${of.id}`, sort: () => "service-account" },
});
export type ServiceAccountItem = ItemOf<typeof ServiceAccountItem>;

export const GroupItem = defineEntity({
  type: "group",
  about: "A group of users and service accounts, with the roles that its members hold by it",
  schema: group.omit({ version: true, organization: true }),
  key: { partition: (of: { id: string }) => `group#${of.id}`, sort: () => "group" },
});
export type GroupItem = ItemOf<typeof GroupItem>;

export const GroupMemberItem = defineEntity({
  type: "group-member",
  about: "That a user or service account is in a group, which its own item says, too: written in one commit",
  schema: z.object({ group: z.string(), principal: principalRef, addedAt: z.string() }),
  key: {
    partition: (of: { group: string; principal: { id: string } }) => `group#${of.group}`,
    sort: (of: { group: string; principal: { id: string } }) => `member#${of.principal.id}`,
  },
});

export const ROLE_BINDINGS_PARTITION = "role-bindings";

export const RoleBindingItem = defineEntity({
  type: "role-binding",
  about:
    "Who holds which role where, and who gave it, oldest first. Written and removed with the holder's own item, which decisions rest on",
  schema: roleBinding.omit({ version: true }),
  key: { partition: () => ROLE_BINDINGS_PARTITION, sort: (of: { id: string }) => of.id },
});
export type RoleBindingItem = ItemOf<typeof RoleBindingItem>;

/** What the directory has lists and names of. */
export const DIRECTORY_TYPES = ["user", "service-account", "group"] as const;
export type DirectoryType = (typeof DIRECTORY_TYPES)[number];

export const directoryPartition = (type: DirectoryType): string => `directory#${type}`;

export const DirectoryListItem = defineEntity({
  type: "directory-list",
  about: "The ids of all users, service accounts or groups of an organization, oldest first. Written once for each",
  schema: z.object({ type: z.enum(DIRECTORY_TYPES), id: z.string() }),
  key: {
    partition: (of: { type: DirectoryType; id: string }) => directoryPartition(of.type),
    sort: (of: { type: DirectoryType; id: string }) => of.id,
  },
});

export const DirectoryNameItem = defineEntity({
  type: "directory-name",
  about:
    "Holds the name of a user, service account or group in its canonical form, so that two of an organization cannot have it",
  schema: z.object({ type: z.enum(DIRECTORY_TYPES), name: z.string(), id: z.string() }),
  key: {
    partition: (of: { type: DirectoryType; name: string }) => `directory-name#${of.type}#${of.name}`,
    sort: () => "name",
  },
});

export const loginNamePartition = (name: string): string => `login-name#${name}`;

export const LoginNameItem = defineEntity({
  type: "login-name",
  about:
    "Which users of all organizations have a name, oldest first: read before it is known whose organization is meant",
  global: true,
  schema: z.object({ name: z.string(), id: z.string(), organization: z.string() }),
  key: {
    partition: (of: { name: string; id: string }) => loginNamePartition(of.name),
    sort: (of: { name: string; id: string }) => of.id,
  },
});
