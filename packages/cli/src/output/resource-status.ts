import type { Resource } from "@cadastre/contract/view";

/** How a resource stands where it is not simply there: that it is gone, and that who owns it does not say so, with who does. */
export function statusOf({ status, confirmed, reportedBy = [] }: Resource): string {
  const reporters = reportedBy.length === 0 ? "reported by nobody now" : `reported by ${reportedBy.join(", ")}`;
  return [...(status === "active" ? [] : [status]), ...(confirmed ? [] : [`unconfirmed (${reporters})`])].join(", ");
}
