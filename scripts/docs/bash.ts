import type { CommandOutline, Outline } from "./outline.ts";
import {
  choicesOf,
  MADE_BY,
  type Offer,
  optionsOf,
  optionsWithValue,
  takesFile,
  takesId,
} from "./words.ts";

/** The completion of bash, version 4 and up; it needs no bash-completion. */
export function bashCompletion(outline: Outline): string {
  const names = outline.commands.map(({ name }) => name);
  const withValue = optionsWithValue(outline);
  return `# bash completion for deploy-finalize. ${MADE_BY}

_deploy_finalize() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command= argument= options= word= index
  local -a places=()
  COMPREPLY=()

  # \`--option=value\` comes as three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi

  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      ${withValue.map(({ name }) => name).join(" | ")})
        word=\${COMP_WORDS[index]}
        [[ \${COMP_WORDS[index + 1]} == = ]] && ((index++))
        ((index++))
        case $word in
          --config | --state-dir) places+=("$word" "\${COMP_WORDS[index]}") ;;
        esac
        ;;
      -* | =) ;;
      *)
        if [[ -z $command ]]; then
          command=\${COMP_WORDS[index]}
        elif [[ -z $argument ]]; then
          argument=\${COMP_WORDS[index]}
        fi
        ;;
    esac
  done

  case $previous in
${withValue.map(({ name, offer }) => `    ${name}) ${bashOffer(offer)}; return ;;`).join("\n")}
  esac

  case $command in
${outline.commands.map((command) => bashCommand(outline, command)).join("\n")}
    help)
      [[ -z $argument && $current != -* ]] && mapfile -t COMPREPLY < <(compgen -W "${names.join(" ")}" -- "$current")
      ;;
  esac

  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${names.join(" ")}" -- "$current")
  fi
}

_deploy_finalize_ids() {
  local ids
  ids=$("\${COMP_WORDS[0]}" "\${places[@]}" complete-ids "$1" 2>/dev/null | cut -f 1)
  mapfile -t COMPREPLY < <(compgen -W "$ids" -- "$current")
  # The last characters of an id will do too.
  (( \${#COMPREPLY[@]} )) ||
    mapfile -t COMPREPLY < <(compgen -W "$(sed 's/.*-//' <<<"$ids")" -- "$current")
}

complete -F _deploy_finalize deploy-finalize
`;
}

function bashCommand(outline: Outline, command: CommandOutline): string {
  const words = optionsOf(outline, command).flatMap(({ names }) => names);
  const choices = choicesOf(command);
  const isDefault = command.name === "schedule";
  const ifFirst = "      [[ -z $argument && $current != -* ]] &&";
  return [
    `    ${isDefault ? '"" | ' : ""}${command.name})`,
    `      options="${words.join(" ")}"`,
    ...(takesId(command) === "id" ? [`${ifFirst} _deploy_finalize_ids ${command.name}`] : []),
    ...(takesFile(command) === "file" ? [`${ifFirst} { ${bashOffer({ kind: "files" })}; }`] : []),
    ...(choices.length > 0
      ? [`${ifFirst} mapfile -t COMPREPLY < <(compgen -W "${choices.join(" ")}" -- "$current")`]
      : []),
    "      ;;",
  ].join("\n");
}

function bashOffer(offer: Offer): string {
  switch (offer.kind) {
    case "files":
      return `compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")`;
    case "folders":
      return `compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current")`;
    case "words":
      return `mapfile -t COMPREPLY < <(compgen -W "${offer.words.join(" ")}" -- "$current")`;
  }
}
