import type { Actor, Context } from "../context.ts";
import type { PasswordCheck } from "../login/password-check.ts";

/** One request of a source: in which organization, by whom, for which source, and at which address SCIM is spoken. */
export interface Service {
  readonly context: Context;
  readonly actor: Actor;
  readonly source: string;
  readonly passwords: PasswordCheck;
  /** Such as `https://cadastre.example/scim/v2`. */
  readonly base: string;
}
