# Whether a text is surely a web address: of a named host, an IPv4 or an IPv6 address.
# A user with a password has no place in it, as it would land in the store.
{ lib }:
text:
let
  parts = builtins.match "https?://([A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:]+])(:([0-9]{1,5}))?([/?#][!-~]*)?" text;
  host = builtins.elemAt parts 0;
  port = builtins.elemAt parts 2;
  labels = lib.splitString "." host;

  # The last label of a name begins with a letter: else it would be read as a number.
  isName =
    lib.all (label: builtins.match "[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?" label != null) labels
    && lib.all (label: builtins.match "[Xx][Nn]--.*" label == null) labels
    && builtins.match "[A-Za-z].*" (lib.last labels) != null;
  isOctet = label: builtins.match "0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5]" label != null;
  isIpv4 = builtins.length labels == 4 && lib.all isOctet labels;

  address = lib.removeSuffix "]" (lib.removePrefix "[" host);
  halves = lib.splitString "::" address;
  groups = lib.concatMap (half: lib.optionals (half != "") (lib.splitString ":" half)) halves;
  isIpv6 =
    lib.hasPrefix "[" host
    && lib.all (group: builtins.match "[0-9A-Fa-f]{1,4}" group != null) groups
    && (
      if builtins.length halves == 1 then
        builtins.length groups == 8
      else
        builtins.length halves == 2 && builtins.length groups <= 7
    );
  isPort = port == null || builtins.match "0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])" port != null;
in
parts != null && isPort && (isName || isIpv4 || isIpv6)
