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

function words(command: Command): string {
  return optionsOf(command).flatMap(names).join(" ");
}

function bash(command: Command): string {
  const name = command.name(), id = `_${name.replaceAll("-", "_")}`;
  const cases = subcommands(command).map((sub) =>
    `    ${sub.name()}) options="${words(sub)}" ;;\n`
  );
  return `# Completion of ${name} for bash.
${id}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="" options="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in -*) ;; *) command="\${COMP_WORDS[index]}"; break ;; esac
  done
  case "$command" in
${cases.join("")}    *) options="${
    [...subcommands(command).map((sub) => sub.name()), words(command)].join(" ").trim()
  }" ;;
  esac
  COMPREPLY=()
  if [[ $word == -* || (-z $command && -n "${
    subcommands(command).length > 0 ? "commands" : ""
  }") ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  fi
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

function zsh(command: Command): string {
  const name = command.name();
  if (subcommands(command).length === 0) {
    return `#compdef ${name}\n_arguments \\\n${zshOptions(command, "  ")}  '*:file:_files'\n`;
  }
  const list = subcommands(command).map((sub) =>
    `    '${sub.name()}:${oneLine(sub.description()).replaceAll(":", "\\:")}'\n`
  );
  const cases = subcommands(command).map((sub) =>
    `    ${sub.name()}) _arguments \\\n${zshOptions(sub, "      ")}      '*:file:_files' ;;\n`
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
    );
  }
  return lines.join("\n") + "\n";
}
