import { ProblemError } from "@cadastre/contract/errors";

/** What is wrong with a subject token. It is told to nobody but the audit log: to whoever asks, all refusals are alike. */
export class SubjectRefusedError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "SubjectRefusedError";
  }
}

/** The one answer to every subject token that is not accepted, and to every rule that is not there. */
export const refused = (): ProblemError =>
  new ProblemError(
    "grant.refused",
    "the subject token is not accepted by such a rule; the audit log of its organization says why",
  );
