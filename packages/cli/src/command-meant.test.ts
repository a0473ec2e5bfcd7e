import { describe, expect, it } from "vitest";
import { commandMeant } from "./command-meant.ts";

describe("a word that is no command", () => {
  it.each([
    ["10.1.2.5", "", "cadastre whose 10.1.2.5"],
    ["2001:db8::5", "", "cadastre whose 2001:db8::5"],
    ["i-0abc12345678", "", "cadastre resources show i-0abc12345678"],
    ["vpc-0161c2373b5b6e801", "resources", "cadastre resources show vpc-0161c2373b5b6e801"],
    ["ls", "", "cadastre resources list"],
    ["describe", "", "cadastre resources show"],
    ["subnets", "", "cadastre resources list --kind subnet"],
    ["vms", "", "cadastre resources list --kind instance"],
    ["kind:vm", "", "cadastre search 'kind:vm'"],
    ["describe", "resources", undefined],
    ["constructor", "", undefined],
    ["vms", "tokens", undefined],
    ["bad", "", undefined],
  ])("%s behind %j stands for %s", (word, within, meant) => expect(commandMeant(word, within)).toBe(meant));
});
