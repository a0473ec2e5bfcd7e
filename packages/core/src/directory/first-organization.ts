import { FIRST_ORGANIZATION } from "../context.ts";
import type { OrganizationItem } from "./items.ts";

const BEGINNING = new Date(0).toISOString();

/** What the organization that is there from the start is until somebody changes it: there is no item of it before. */
export const FIRST: OrganizationItem = {
  id: FIRST_ORGANIZATION,
  name: "Default",
  slug: "default",
  owner: "",
  policyVersion: 0,
  createdAt: BEGINNING,
  createdBy: "system",
  updatedAt: BEGINNING,
};
