/* What is listed of the jobs of address space: their steps are loaded when there is one to take. */

export const REMOVE_PREFIXES = {
  name: "remove-prefixes",
  about: "Removes a prefix and all that is inside it, from the smallest on",
  leaseSeconds: 60,
} as const;

export const DELETE_SPACE = {
  name: "delete-space",
  about: "Deletes what is in an address space, and then the space",
  leaseSeconds: 60,
} as const;

export const IMPORT_ADDRESSES = {
  name: "import-addresses",
  about: "Imports files of prefixes into address spaces; until then their rows are not planned",
  leaseSeconds: 120,
} as const;

export const TAKE_SNAPSHOTS = {
  name: "address-snapshots",
  about: "Notes how much of each prefix is used, from which forecasts are made, and draws the maps of the largest",
  schedule: "41 * * * *",
  initial: { taken: 0 },
  leaseSeconds: 300,
} as const;

export const END_RESERVATIONS = {
  name: "end-reservations",
  about: "Takes reservations away that have ended; without it they go when somebody next asks for their address space",
  schedule: "* * * * *",
  isFrequent: true,
  initial: { ended: 0 },
  leaseSeconds: 60,
} as const;
