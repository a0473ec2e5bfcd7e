import type { Command, Option } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A word that can stand somewhere on a command line, and what it is. */
export interface Word {
  readonly word: string;
  readonly about: string;
}

/** What can follow a command (`resources list`; empty for the program), and what can follow each of its options. */
export interface Place {
  readonly command: string;
  readonly words: readonly Word[];
  readonly values: readonly {
    readonly flags: readonly string[];
    /** Empty when anything can follow: a file is then proposed. */
    readonly words: readonly string[];
  }[];
}

const firstLine = (text: string) => (text.split("\n")[0] ?? "").slice(0, 100);
const flagsOf = ({ short, long }: Option) => [short, long].filter((flag) => flag !== undefined);

/** Every place of the program, itself first. */
export function placesOf(program: Command): Place[] {
  const globals = program.options.filter((option) => !option.hidden);
  const visit = (command: Command, path: readonly string[]): Place[] => {
    const options = [...command.options.filter((option) => !option.hidden), ...(path.length === 0 ? [] : globals)];
    const { registeredArguments, commands } = command;
    const words = [
      ...commands.map((one) => ({ word: one.name(), about: firstLine(one.description()) })),
      ...registeredArguments.flatMap(({ argChoices = [] }) => argChoices.map((word) => ({ word, about: "" }))),
      ...options.flatMap((option) => flagsOf(option).map((word) => ({ word, about: firstLine(option.description) }))),
      { word: "--help", about: "display help for command" },
    ];
    const values = options
      .filter((option) => option.required)
      .map((option) => ({ flags: flagsOf(option), words: option.argChoices ?? [] }));
    const below = commands.flatMap((one) => visit(one, [...path, one.name()]));
    return [{ command: path.join(" "), words, values }, ...below];
  };
  return visit(program, []);
}

/** A word in single quotes, for any of the shells; fish alone reads a backslash in them, so there is none. */
const quote = (text: string) => `'${text.replaceAll("\\", "/").replaceAll("'", "’")}'`;

/** The case of each place: its words, and those of its options. Bash and zsh read it alike. */
function cases(places: readonly Place[], lineOf: (word: Word) => string): string {
  const values = places.flatMap(({ command, values: all }) =>
    all.map(({ flags, words }) => {
      const patterns = flags.map((flag) => quote(`${command}|${flag}`)).join("|");
      return `    ${patterns}) ${words.length === 0 ? "files=1" : `words=(${words.map(quote).join(" ")})`}; return 0 ;;`;
    }),
  );
  const commands = places.map(
    ({ command, words }) => `    ${quote(command)}) words=(${words.map((word) => quote(lineOf(word))).join(" ")}) ;;`,
  );
  return `  case "$place|$before" in\n${values.join("\n")}\n  esac\n  case "$place" in\n${commands.join("\n")}\n  esac`;
}

/** The longest beginning of the line that is a command. */
const walk = (places: readonly Place[]) => `  local place='' next word
  for word in "\${line[@]}"; do
    next="\${place:+$place }$word"
    case "$next" in
      ${places
        .filter(({ command }) => command !== "")
        .map(({ command }) => quote(command))
        .join("|")}) place="$next" ;;
    esac
  done`;

function bash(places: readonly Place[]): string {
  return `# bash completion for cadastre: source <(cadastre completion bash)
_cadastre_words() {
${walk(places)}
${cases(places, ({ word }) => word)}
}
_cadastre() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" files=0
  local -a line=("\${COMP_WORDS[@]:1:COMP_CWORD-1}") words=()
  _cadastre_words
  if [ "$files" = 1 ]; then
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "\${words[*]}" -- "$current"))
  fi
}
complete -o filenames -F _cadastre cadastre
`;
}

function zsh(places: readonly Place[]): string {
  const lineOf = ({ word, about }: Word) => `${word.replaceAll(":", "\\:")}:${about}`;
  return `#compdef cadastre
# zsh completion for cadastre: source <(cadastre completion zsh), after compinit
_cadastre_words() {
${walk(places)}
${cases(places, lineOf)}
}
_cadastre() {
  local before="\${words[CURRENT-1]}" files=0
  local -a line=("\${(@)words[2,CURRENT-1]}")
  local -a words=()
  _cadastre_words
  if [ "$files" = 1 ]; then _files; else _describe 'cadastre' words; fi
}
compdef _cadastre cadastre
`;
}

function fish(places: readonly Place[]): string {
  const commands = places.map(({ command }) => command).filter((command) => command !== "");
  const lines = places.flatMap(({ command, words, values }) => {
    const when = `-n '__cadastre_at "${command}"'`;
    const plain = words
      .filter(({ word }) => !word.startsWith("-"))
      .map(({ word, about }) => `complete -c cadastre ${when} -f -a ${quote(word)} -d ${quote(about)}`);
    const valued = new Map(
      values.flatMap(({ flags, words: choices }) => flags.map((flag) => [flag, choices] as const)),
    );
    const options = words
      .filter(({ word }) => word.startsWith("-"))
      .map(({ word, about }) => {
        const name = word.startsWith("--") ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
        const choices = valued.get(word);
        const value = choices === undefined ? "" : choices.length === 0 ? " -r" : ` -x -a ${quote(choices.join(" "))}`;
        return `complete -c cadastre ${when} ${name}${value} -d ${quote(about)}`;
      });
    return [...plain, ...options];
  });
  return `# fish completion for cadastre: cadastre completion fish | source
function __cadastre_at
  set -l place ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$place $word")
    contains -- $next ${commands.map(quote).join(" ")}; and set place $next
  end
  test "$place" = "$argv[1]"
end
${lines.join("\n")}
`;
}

/** The script that a shell reads to complete command lines. It starts nothing, so that it is quick. */
export function completionScript(shell: Shell, places: readonly Place[]): string {
  if (shell === "bash") return bash(places);
  return shell === "zsh" ? zsh(places) : fish(places);
}
