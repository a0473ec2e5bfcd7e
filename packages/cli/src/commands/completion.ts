import type { Command } from "commander";
import { choiceArgument, withExamples } from "../arguments.ts";
import type { Cli } from "../cli.ts";
import { completionScript, placesOf, SHELLS, type Shell } from "../output/completions.ts";

/** Adds `completion` to the program; `whole` makes a program with all of its commands. */
export function addCompletion(program: Command, cli: Cli, whole: () => Promise<Command>): void {
  withExamples(
    program
      .command("completion")
      .description("a script that completes command lines: commands, options and their values")
      .addArgument(choiceArgument("<shell>", SHELLS))
      .action(async (shell: Shell) => {
        cli.stdout.direct();
        await cli.stdout.write(completionScript(shell, placesOf(await whole())));
      }),
    "completion bash > ~/.local/share/bash-completion/completions/cadastre",
    "completion zsh > ~/.zfunc/_cadastre",
    "completion fish > ~/.config/fish/completions/cadastre.fish",
  );
}
