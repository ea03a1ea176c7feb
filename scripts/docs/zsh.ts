import type { CommandOutline, OptionOutline, Outline } from "./outline.ts";
import {
  choicesOf,
  MADE_BY,
  type Offer,
  optionsOf,
  optionsWithValue,
  takesFile,
  takesId,
} from "./words.ts";

/** The completion of zsh: a function file named _deploy-finalize in a folder of $fpath. */
export function zshCompletion(outline: Outline): string {
  const withValue = optionsWithValue(outline);
  const commands = outline.commands.map(({ name, description }) => described(name, description));
  return `#compdef deploy-finalize
# zsh completion for deploy-finalize. ${MADE_BY}

_deploy_finalize_ids() {
  local line
  local -a ids
  for line in \${(f)"$(_call_program ids $words[1] \${(q)places} complete-ids $1 2>/dev/null)"}; do
    ids+=("\${line%%$'\\t'*}:\${line#*$'\\t'}")
  done
  _describe -V 'finalization' ids
}

_deploy_finalize() {
  local command= argument= word
  local -i index
  local -a places options commands offered
  commands=(
${commands.map((command) => `    ${command}`).join("\n")}
  )

  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    case $word in
      (--config|--state-dir) places+=($word \${words[index+1]}); ((index++)) ;;
      (--config=*|--state-dir=*) places+=($word) ;;
      (${withValue.map(({ name }) => name).join("|")}) ((index++)) ;;
      (-*) ;;
      (*) if [[ -z $command ]]; then command=$word; elif [[ -z $argument ]]; then argument=$word; fi ;;
    esac
  done

  if [[ -prefix --*= ]]; then
    word=\${PREFIX%%=*}
    compset -P '*='
  else
    word=\${words[CURRENT-1]}
  fi
  case $word in
${withValue.map(({ name, offer }) => `    (${name}) ${zshOffer(offer)}; return ;;`).join("\n")}
  esac

  case $command in
${outline.commands.map((command) => zshCommand(outline, command)).join("\n")}
    (help)
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _describe -V 'command' commands
      ;;
  esac

  if [[ -prefix -* ]]; then
    _describe -o 'option' options
  elif [[ -z $command ]]; then
    _describe -V 'command' commands
  fi
}

_deploy_finalize "$@"
`;
}

function zshCommand(outline: Outline, command: CommandOutline): string {
  const offered = optionsOf(outline, command).flatMap((option) => namesOf(option));
  const choices = choicesOf(command);
  const isDefault = command.name === "schedule";
  const ifFirst = "      [[ -z $argument ]] && ! [[ -prefix -* ]] &&";
  return [
    `    (${isDefault ? "|" : ""}${command.name})`,
    `      options=(${offered.join(" ")})`,
    ...(takesId(command) === "id" ? [`${ifFirst} _deploy_finalize_ids ${command.name}`] : []),
    ...(takesFile(command) === "file" ? [`${ifFirst} ${zshOffer({ kind: "files" })}`] : []),
    ...(choices.length > 0 ? [`${ifFirst} compadd -- ${choices.join(" ")}`] : []),
    "      ;;",
  ].join("\n");
}

function namesOf({ names, description }: OptionOutline): string[] {
  return names.map((name) => described(name, description));
}

/** `_describe` takes a name and what it means with a colon between them. */
function described(name: string, meaning: string): string {
  return `'${name.replaceAll(":", "\\\\:")}:${meaning.replaceAll("'", "'\\\\''")}'`;
}

function zshOffer(offer: Offer): string {
  switch (offer.kind) {
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "words":
      return offer.words.length === 0
        ? "_message 'value'"
        : `offered=(${offer.words.join(" ")}); compadd -- $offered`;
  }
}
