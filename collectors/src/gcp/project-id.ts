/** A project's id, with the domain before it that old ones have. Its number is none: resources are named by the id. */
export const PROJECT_ID = /^(?:[a-z0-9.-]{1,90}\.[a-z]{2,20}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
