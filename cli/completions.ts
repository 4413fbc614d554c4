/**
 * Completions for bash, zsh and fish, made from the command tree: they name every command and option that there is, and
 * no other.
 */
import type { Command, Option } from "commander";

export type Shell = "bash" | "zsh" | "fish";

/** The script that a shell reads for `command`. */
export function completion(command: Command, shell: Shell): string {
  if (shell === "bash") return bash(command);
  return shell === "zsh" ? zsh(command) : fish(command);
}

function names(option: Option): string[] {
  return [option.short, option.long].filter((name) => name !== undefined && name !== null);
}

function optionsOf(command: Command): Option[] {
  return command.createHelp().visibleOptions(command);
}

function subcommands(command: Command): readonly Command[] {
  return command.commands;
}

function subnames(command: Command): string[] {
  return subcommands(command).map((sub) => sub.name());
}

/** Every command below this one by the words that lead to it: "config", "config get". */
function* paths(command: Command, before = ""): Generator<[string, Command]> {
  for (const sub of subcommands(command)) {
    const path = `${before} ${sub.name()}`.trim();
    yield [path, sub];
    yield* paths(sub, path);
  }
}

function words(command: Command): string {
  return optionsOf(command).flatMap(names).join(" ");
}

function bash(command: Command): string {
  const name = command.name(), id = `_${name.replaceAll("-", "_")}`;
  const below = [...paths(command)];
  const known = below.map(([path]) => `"${path}"`).join(" | ");
  const cases = below.map(([path, sub]) =>
    `    "${path}") options="${words(sub)}"; commands="${subnames(sub).join(" ")}" ;;\n`
  );
  const walk = `  for ((index = 1; index < COMP_CWORD; index++)); do
    next="\${path:+$path }\${COMP_WORDS[index]}"
    case "$next" in ${known}) path="$next" ;; esac
  done
`;
  return `# Completion of ${name} for bash.
${id}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" path="" next="" options="" commands="" index
${known === "" ? "" : walk}  case "$path" in
${cases.join("")}    *) options="${words(command)}"; commands="${subnames(command).join(" ")}" ;;
  esac
  COMPREPLY=()
  if [[ $word == -* ]]; then commands="$options"; fi
  if [[ -n $commands ]]; then mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word"); fi
}
complete -o default -F ${id} ${name}
`;
}

/** For zsh's _arguments and fish alike: what a shell shows beside a name, in one line without quotes. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("'", "’");
}

function zshOptions(command: Command, indent: string): string {
  return optionsOf(command).map((option) => {
    const text = oneLine(option.description).replaceAll("[", "(").replaceAll("]", ")")
      .replaceAll(":", "\\:");
    const value = option.required || option.optional ? ":value:_files" : "";
    return names(option).map((name) => `${indent}'${name}[${text}]${value}' \\\n`).join("");
  }).join("");
}

/** Files, or the commands of a command and files behind them. */
function zshRest(command: Command): string {
  const names = subnames(command).join(" ");
  return names === "" ? "      '*:file:_files'" : `      '1:command:(${names})' '*:file:_files'`;
}

function zsh(command: Command): string {
  const name = command.name();
  if (subcommands(command).length === 0) {
    return `#compdef ${name}\n_arguments \\\n${zshOptions(command, "  ")}  '*:file:_files'\n`;
  }
  const list = subcommands(command).map((sub) =>
    `    '${sub.name()}:${oneLine(sub.description()).replaceAll(":", "\\:")}'\n`
  );
  const cases = subcommands(command).map((sub) =>
    `    ${sub.name()}) _arguments \\\n${zshOptions(sub, "      ")}${zshRest(sub)} ;;\n`
  );
  return `#compdef ${name}
local -a commands
if (( CURRENT == 2 )); then
  commands=(
${list.join("")}  )
  _describe command commands
else
  (( CURRENT-- ))
  shift words
  case $words[1] in
${cases.join("")}  esac
fi
`;
}

function fishOptions(command: Command, condition: string, name: string): string[] {
  return optionsOf(command).map((option) => {
    const short = option.short ? ` -s ${option.short.slice(1)}` : "";
    const long = option.long ? ` -l ${option.long.slice(2)}` : "";
    const value = option.required ? " -r" : "";
    return `complete -c ${name}${condition}${short}${long}${value} -d '${
      oneLine(option.description)
    }'`;
  });
}

/** The commands of a command, with their options. */
function fishBelow(command: Command, name: string): string[] {
  const all = subnames(command).join(" "), seen = "__fish_seen_subcommand_from";
  return subcommands(command).flatMap((sub) => [
    `complete -c ${name} -n '${seen} ${command.name()}; and not ${seen} ${all}' -f -a ${sub.name()} -d '${
      oneLine(sub.description())
    }'`,
    ...fishOptions(
      sub,
      ` -n '${seen} ${command.name()}; and ${seen} ${sub.name()}'`,
      name,
    ),
  ]);
}

function fish(command: Command): string {
  const name = command.name();
  const lines = [`# Completion of ${name} for fish.`, ...fishOptions(command, "", name)];
  if (subcommands(command).length > 0) lines.length = 1;
  for (const sub of subcommands(command)) {
    lines.push(
      `complete -c ${name} -n __fish_use_subcommand -f -a ${sub.name()} -d '${
        oneLine(sub.description())
      }'`,
      ...fishOptions(sub, ` -n '__fish_seen_subcommand_from ${sub.name()}'`, name),
      ...fishBelow(sub, name),
    );
  }
  return lines.join("\n") + "\n";
}
