import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessPatterns, root } from "./access-patterns.ts";

writeFileSync(join(root, "docs/access-patterns.md"), accessPatterns());
