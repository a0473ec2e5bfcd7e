import about from "../../../package.json" with { type: "json" };

/** Cadastre's version, which all of its workspaces share. Its one source is package.json at the root. */
export const VERSION = about.version;
