import { fileURLToPath } from "node:url";

/** For processes that tests start: what one of them compiled of our sources the next one need not, which is half of what a short one does. */
export const COMPILED = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../../node_modules/.cache/cadastre-compiled", import.meta.url)),
};
