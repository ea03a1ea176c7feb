# What the files of rules are written with.
{ lib }:
rec {
  at = place: "services.deployFinalize.${place}";
  require = assertion: message: { inherit assertion message; };
  duplicates = list: lib.unique (lib.filter (item: lib.count (other: other == item) list > 1) list);

  isSet = set: key: set.${key} != null;

  # A key that entries of some kinds need and those of others do not know.
  keyOf =
    tag: place: entry: key: kinds: isNeeded:
    let
      kind = "${tag} \"${entry.${tag}}\"";
      others = lib.concatMapStringsSep " or " builtins.toJSON kinds;
    in
    if lib.elem entry.${tag} kinds then
      require (isNeeded -> isSet entry key) "${place}: ${kind} needs ${key}. Set ${place}.${key}."
    else
      require (!(isSet entry key))
        "${place}: ${kind} has no ${key}. Remove ${place}.${key}, or set ${tag} to ${others}.";
  keyOfKind = keyOf "kind";

  # Two keys of which none is of use alone.
  together =
    place: entry: one: other:
    require (
      isSet entry one == isSet entry other
    ) "${place}: ${one} and ${other} go together. Set both or none of them.";
}
