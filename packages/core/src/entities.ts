import type { AnyEntity } from "@cadastre/store/entity";
import {
  BootstrapItem,
  CollectorItem,
  CollectorKeyItem,
  CollectorListItem,
  CollectorNameItem,
  NonceItem,
  TokenChildItem,
  TokenItem,
  TokenListItem,
  TokenUseItem,
} from "./access/items.ts";
import { AccountItem, AccountOwnerItem } from "./accounts/items.ts";
import { AwaitedItem, TrackedItem } from "./addresses/discovered/items.ts";
import { DriftItem } from "./addresses/drift/items.ts";
import {
  AddressImportItem,
  ImportPartItem,
  ImportPieceItem,
  ImportProblemItem,
  ImportRowItem,
} from "./addresses/imports/items.ts";
import { RangeIdItem, RangeItem } from "./addresses/ranges/items.ts";
import { IpDayItem, IpPictureItem } from "./addresses/snapshots/items.ts";
import {
  AddressSpaceGateItem,
  AddressSpaceItem,
  AddressSpaceListItem,
  AddressSpaceNameItem,
  AddressSpaceRuleItem,
} from "./addresses/spaces/items.ts";
import { AddressTagItem, TagUseItem } from "./addresses/tags/items.ts";
import {
  AllocationItem,
  IpIdItem,
  IpItem,
  IpLengthsItem,
  IpPastItem,
  ObservedItem,
  PendingItem,
  ReservationEndItem,
  WindowItem,
} from "./addresses/tree/items.ts";
import { VlanGroupItem, VlanIdItem, VlanItem, VlanUseItem } from "./addresses/vlans/items.ts";
import { ClaimItem } from "./audit/claim.ts";
import { HashKeyItem } from "./audit/hash-key.ts";
import { AuditEntryItem, AuditItem, AuditOpenItem } from "./audit/items.ts";
import { PersonErasedItem, PersonKeyItem } from "./audit/person-keys.ts";
import {
  DirectoryListItem,
  DirectoryNameItem,
  GroupItem,
  GroupMemberItem,
  LoginNameItem,
  OrganizationItem,
  OrganizationListItem,
  OrganizationSlugItem,
  RoleBindingItem,
  ServiceAccountItem,
  UserItem,
} from "./directory/items.ts";
import { HoldItem, ManifestItem, PageItem, RunItem, RunPageItem, ScopeItem, TriggerItem } from "./discovery/items.ts";
import { CheckpointItem, DeadLetterItem } from "./feed/consumer.ts";
import { ConsumerItem } from "./feed/consumer-states.ts";
import { EventItem, FeedItem } from "./feed/items.ts";
import { ForwarderItem, ForwarderLetterItem, ForwarderSecretItem, ForwardingItem } from "./forwarding/items.ts";
import { JobCancelItem, JobEntryItem, JobItem, JobRunItem } from "./jobs/items.ts";
import { EndedSourceItem } from "./ledger/ended-sources.ts";
import { GapItem } from "./ledger/gaps.ts";
import { LedgerPageItem, SetItem, SourceItem, StaleItem } from "./ledger/items.ts";
import { ScopeCountItem } from "./ledger/scope-count.ts";
import { RateItem } from "./limits/items.ts";
import { AuthorizationCodeItem, DeviceLoginItem, UserCodeItem } from "./login/clients/items.ts";
import {
  FactorItem,
  LockoutItem,
  LoginKeyItem,
  LoginLinkItem,
  PasskeyChallengeItem,
  PasswordItem,
  SessionListItem,
  StepUpItem,
} from "./login/items.ts";
import {
  IdentityItem,
  IdentityProviderItem,
  IdentityProviderListItem,
  LoginItem,
  LogoutTokenItem,
  ProviderSessionItem,
  SessionPlaceItem,
  UserIdentityItem,
} from "./login/oidc/items.ts";
import { AdminsTurnItem, PolicyItem, PolicyNameItem, PolicyRevisionItem } from "./policies/items.ts";
import { CountItem } from "./register/counts.ts";
import { ResourceItem } from "./register/items.ts";
import { SaidItem } from "./said/items.ts";
import {
  ScimEntryItem,
  ScimIndexItem,
  ScimPieceItem,
  ScimResourceItem,
  ScimSourceItem,
  ScimSourceListItem,
} from "./scim/items.ts";
import { AuditCheckpointItem, AuditKeyItem, AuditLateItem, AuditLeavesItem, SealHeadItem } from "./seals/items.ts";
import { SessionItem } from "./sessions/items.ts";
import { IndexItem, PrefixLengthItem } from "./subjects/items.ts";
import { CredentialItem, CredentialMarkItem, SealedItem } from "./vault/items.ts";
import { SubjectUseItem, TrustRuleItem, TrustRuleListItem } from "./workload/items.ts";

/** Every type of item in the table, for its documentation and for what must hold of all of them. */
export const ENTITIES: readonly AnyEntity[] = [
  AccountItem,
  AddressSpaceGateItem,
  AddressSpaceItem,
  AddressSpaceListItem,
  AddressSpaceNameItem,
  AddressSpaceRuleItem,
  AddressTagItem,
  AuditCheckpointItem,
  AuditEntryItem,
  AccountOwnerItem,
  AuditItem,
  AuditKeyItem,
  AuditLateItem,
  AuditLeavesItem,
  AuditOpenItem,
  AuthorizationCodeItem,
  AwaitedItem,
  BootstrapItem,
  CheckpointItem,
  ClaimItem,
  CollectorItem,
  CollectorKeyItem,
  CollectorListItem,
  CollectorNameItem,
  ConsumerItem,
  CountItem,
  CredentialItem,
  CredentialMarkItem,
  DeadLetterItem,
  DeviceLoginItem,
  DirectoryListItem,
  DirectoryNameItem,
  DriftItem,
  EndedSourceItem,
  EventItem,
  FactorItem,
  FeedItem,
  ForwarderItem,
  ForwarderLetterItem,
  ForwarderSecretItem,
  ForwardingItem,
  GapItem,
  GroupItem,
  GroupMemberItem,
  HashKeyItem,
  HoldItem,
  IdentityItem,
  IdentityProviderItem,
  IdentityProviderListItem,
  IndexItem,
  JobCancelItem,
  JobEntryItem,
  JobItem,
  JobRunItem,
  LedgerPageItem,
  LoginNameItem,
  LockoutItem,
  LoginItem,
  LoginKeyItem,
  LoginLinkItem,
  LogoutTokenItem,
  ManifestItem,
  NonceItem,
  OrganizationItem,
  OrganizationListItem,
  OrganizationSlugItem,
  PageItem,
  PasskeyChallengeItem,
  PasswordItem,
  PersonErasedItem,
  PersonKeyItem,
  PolicyItem,
  PolicyNameItem,
  PolicyRevisionItem,
  AdminsTurnItem,
  PrefixLengthItem,
  ProviderSessionItem,
  RateItem,
  ResourceItem,
  RoleBindingItem,
  RunItem,
  RunPageItem,
  SaidItem,
  ScimEntryItem,
  ScimIndexItem,
  ScimPieceItem,
  ScimResourceItem,
  ScimSourceItem,
  ScimSourceListItem,
  ScopeCountItem,
  ScopeItem,
  SealHeadItem,
  SealedItem,
  ServiceAccountItem,
  SessionItem,
  SessionListItem,
  SessionPlaceItem,
  SetItem,
  StaleItem,
  StepUpItem,
  SubjectUseItem,
  SourceItem,
  TagUseItem,
  AddressImportItem,
  ImportPartItem,
  ImportPieceItem,
  ImportRowItem,
  ImportProblemItem,
  IpItem,
  IpIdItem,
  IpLengthsItem,
  WindowItem,
  PendingItem,
  ReservationEndItem,
  IpPastItem,
  IpDayItem,
  IpPictureItem,
  AllocationItem,
  VlanGroupItem,
  VlanIdItem,
  VlanItem,
  VlanUseItem,
  ObservedItem,
  RangeIdItem,
  RangeItem,
  TokenChildItem,
  TokenItem,
  TokenListItem,
  TokenUseItem,
  TrackedItem,
  TrustRuleItem,
  TrustRuleListItem,
  TriggerItem,
  UserCodeItem,
  UserIdentityItem,
  UserItem,
];
