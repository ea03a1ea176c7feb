import type { CommandOutline, OptionOutline, Outline } from "./outline.ts";
import {
  choicesOf,
  MADE_BY,
  type Offer,
  offerFor,
  optionsOf,
  optionsWithValue,
  takesFile,
  takesId,
} from "./words.ts";

/** The completion of fish, version 3 and up. */
export function fishCompletion(outline: Outline): string {
  const [first] = outline.commands;
  const lines = outline.commands.flatMap((command) => [
    "",
    `complete -c deploy-finalize -n __deploy_finalize_has_none -a ${command.name} -d ${quoted(command.description)}`,
    `complete -c deploy-finalize -n '__deploy_finalize_is help' -a ${command.name} -d ${quoted(command.description)}`,
    ...ofCommand(outline, command, command === first ? "default" : "other"),
  ]);
  return `# fish completion for deploy-finalize. ${MADE_BY}

# The words that are neither options nor their values: the command, then its arguments.
function __deploy_finalize_words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case ${optionsWithValue(outline)
              .map(({ name }) => name)
              .join(" ")}
                set skip 1
            case '-*'
            case '*'
                echo $word
        end
    end
end

function __deploy_finalize_has_none
    test (count (__deploy_finalize_words)) = 0
end

# Whether it is the only word so far.
function __deploy_finalize_is
    set -l found (__deploy_finalize_words)
    test "$found" = "$argv"
end

function __deploy_finalize_begins_with
    set -l found (__deploy_finalize_words)
    test (count $found) -gt 0; and test $found[1] = $argv[1]
end

# Options that say where the records are, as they stand on the line.
function __deploy_finalize_places
    set -l take 0
    for word in (commandline -opc)[2..-1]
        if test $take = 1
            set take 0
            echo $word
            continue
        end
        switch $word
            case --config --state-dir
                set take 1
                echo $word
            case '--config=*' '--state-dir=*'
                echo $word
        end
    end
end

function __deploy_finalize_ids
    set -l program (commandline -opc)[1]
    $program (__deploy_finalize_places) complete-ids $argv[1] 2>/dev/null
end

complete -c deploy-finalize -f
${lines.join("\n").trimStart()}
`;
}

function ofCommand(outline: Outline, command: CommandOutline, as: "default" | "other"): string[] {
  const conditions = [
    `-n '__deploy_finalize_begins_with ${command.name}'`,
    ...(as === "default" ? ["-n __deploy_finalize_has_none"] : []),
  ];
  const options = optionsOf(outline, command);
  const ifFirst = `complete -c deploy-finalize -n '__deploy_finalize_is ${command.name}'`;
  return [
    ...conditions.flatMap((when) =>
      options.map((option) => `complete -c deploy-finalize ${when} ${ofOption(option)}`),
    ),
    ...choicesOf(command).map((choice) => `${ifFirst} -a ${choice}`),
    ...(takesFile(command) === "file" ? [`${ifFirst} -F`] : []),
    ...(takesId(command) === "id"
      ? [`${ifFirst} -k -a '(__deploy_finalize_ids ${command.name})'`]
      : []),
  ];
}

function ofOption(option: OptionOutline): string {
  const names = option.names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const value = option.value === null ? [] : [fishOffer(offerFor(option))];
  return [...names, ...value, `-d ${quoted(option.description)}`].join(" ");
}

function fishOffer(offer: Offer): string {
  switch (offer.kind) {
    case "files":
      return "-r -F";
    case "folders":
      return "-x -a '(__fish_complete_directories)'";
    case "words":
      return offer.words.length === 0 ? "-x" : `-x -a '${offer.words.join(" ")}'`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
