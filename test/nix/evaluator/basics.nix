# Lists, attribute sets and functions.
let
  inherit (builtins)
    all
    attrNames
    concatLists
    elemAt
    filter
    genList
    hasAttr
    head
    isAttrs
    length
    listToAttrs
    map
    removeAttrs
    tail
    ;
in
rec {
  inherit (builtins)
    all
    any
    attrNames
    attrValues
    concatLists
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    genList
    hasAttr
    head
    isAttrs
    isBool
    isFloat
    isFunction
    isInt
    isList
    isString
    length
    listToAttrs
    map
    mapAttrs
    match
    removeAttrs
    stringLength
    substring
    tail
    toString
    ;

  id = value: value;
  max = one: other: if one > other then one else other;
  boolToString = value: if value then "true" else "false";
  isDerivation = value: value.type or null == "derivation";
  isStringLike = value: builtins.isString value || builtins.isPath value || value ? outPath;
  isType = type: value: value._type or null == type;

  optional = condition: item: if condition then [ item ] else [ ];
  optionals = condition: items: if condition then items else [ ];
  toList = value: if builtins.isList value then value else [ value ];
  last = list: elemAt list (length list - 1);
  count = predicate: list: length (filter predicate list);
  imap0 = f: list: genList (index: f index (elemAt list index)) (length list);
  imap1 = f: list: genList (index: f (index + 1) (elemAt list index)) (length list);
  unique = builtins.foldl' (seen: item: if builtins.elem item seen then seen else seen ++ [ item ]) [ ];

  nameValuePair = name: value: { inherit name value; };
  optionalAttrs = condition: set: if condition then set else { };
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  filterAttrs = predicate: set: removeAttrs set (filter (n: !(predicate n set.${n})) (attrNames set));
  filterAttrsRecursive =
    predicate: set:
    builtins.mapAttrs (_: value: if isAttrs value then filterAttrsRecursive predicate value else value) (
      filterAttrs predicate set
    );
  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if set ? ${head path} then
      attrByPath (tail path) default set.${head path}
    else
      default;
  hasAttrByPath =
    path: set: path == [ ] || (set ? ${head path} && hasAttrByPath (tail path) set.${head path});
  setAttrByPath =
    path: value: if path == [ ] then value else { ${head path} = setAttrByPath (tail path) value; };
  min = a: b: if a < b then a else b;

  recursiveUpdate =
    left: right:
    left
    // builtins.mapAttrs (
      name: value:
      if isAttrs value && hasAttr name left && isAttrs left.${name} then
        recursiveUpdate left.${name} value
      else
        value
    ) right;
}
