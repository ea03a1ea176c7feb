# Whether a text is surely a regular expression of JavaScript. The program would only
# say so at the deploy. What is not known here is refused: look-behind, named groups,
# and characters that have to be escaped in some places and are escaped in none.
{ lib }:
text:
let
  escape = "\\\\.";
  # Both ends of a range are letters or digits, so that their order can be told.
  range = "[A-Za-z0-9]-[A-Za-z0-9]";
  class = "\\[\\^?-?(${range}|\\\\[^0-9cuxk]|[^]\\-])+-?]";
  quantifier = "([*+?]|\\{(0|[1-9][0-9]{0,2})(,(0|[1-9][0-9]{0,2})?)?})\\??";
  open = "\\((\\?[:=!])?";
  token = "${class}|${quantifier}|${open}|${escape}|[^][\\({}*+?]";
  parts = builtins.split "(${token})" text;
  tokens = map builtins.head (builtins.filter builtins.isList parts);
  isAllTokens = lib.all (part: builtins.isList part || part == "") parts;

  # `atom`: whether a quantifier may follow. `depth`: groups that are open.
  step =
    { depth, atom, valid }:
    token:
    let
      starts = characters: lib.elem (builtins.substring 0 1 token) characters;
    in
    if starts [ "(" ] then
      { inherit valid; depth = depth + 1; atom = false; }
    else if starts [ ")" ] then
      { valid = valid && depth > 0; depth = depth - 1; atom = true; }
    else if starts [ "*" "+" "?" "{" ] then
      { inherit depth; valid = valid && atom && isOrdered token; atom = false; }
    else
      { inherit depth valid; atom = !(starts [ "^" "$" "|" ] || lib.elem token [ "\\b" "\\B" ]); }
      // lib.optionalAttrs (starts [ "[" ]) { valid = valid && lib.all isRising (rangesOf token); };
  end = builtins.foldl' step { depth = 0; atom = false; valid = true; } tokens;

  isOrdered =
    token:
    let
      bounds = builtins.match "\\{([0-9]+),([0-9]+)}\\??" token;
    in
    bounds == null || lib.all (n: n <= builtins.fromJSON (lib.last bounds)) [ (builtins.fromJSON (builtins.head bounds)) ];
  rangesOf =
    class:
    map builtins.head (
      builtins.filter (part: builtins.isList part && builtins.match range (builtins.head part) != null) (
        builtins.split "(\\\\.|${range})" class
      )
    );
  isRising = range: builtins.substring 0 1 range <= builtins.substring 2 1 range;
in
text != "" && isAllTokens && end.valid && end.depth == 0
