import { ID_PREFIXES, type IdKind } from "../ids.ts";

/** An id of a thing that nobody has, of the right form. */
export const exampleId = (kind: IdKind): string => `${ID_PREFIXES[kind]}_01JD0000000000000000000000`;

/** An account that AWS keeps for documentation. */
export const EXAMPLE_ACCOUNT = "123456789012";
