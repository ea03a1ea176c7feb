# The proxies through which it reports and asks for slots.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  host = config.networking.proxy;

  isKnown = address: address != null && builtins.match "https?://.*" address != null;
  ofHost =
    option:
    mkOption {
      type = types.nullOr finalizeTypes.webAddressWithUser;
      default = if isKnown host.${option} then host.${option} else null;
      defaultText = lib.literalExpression "config.networking.proxy.${option}";
      description = ''
        The proxy for servers whose address begins with `${if option == "httpProxy" then "http" else "https"}://`:
        receivers of reports, forges and the fleet lock. Null: none. Only a proxy whose own address
        begins with `http://` or `https://` is taken over from the host.
      '';
    };
  words = text: lib.filter (word: word != "") (lib.splitString "," (lib.replaceStrings [ " " ] [ "" ] text));
in
{
  options.services.deployFinalize.proxy = {
    http = ofHost "httpProxy";
    https = ofHost "httpsProxy";
    except = mkOption {
      type = types.listOf finalizeTypes.someText;
      default = if host.noProxy == null then [ ] else words host.noProxy;
      defaultText = lib.literalExpression "config.networking.proxy.noProxy";
      example = [
        ".example.org"
        "10.0.0.0/8"
      ];
      description = ''
        Servers that are asked directly: names, which stand for the names below them too, addresses
        and networks. This host itself always is.
      '';
    };
  };

  config.services.deployFinalize.generated.proxy = {
    inherit (cfg.proxy) http https except;
  };

  config.warnings = lib.mkIf cfg.enable (
    map
      (
        option:
        "networking.proxy.${option} is no proxy that deploy-finalize knows: reports and the fleet lock go directly. Set services.deployFinalize.proxy."
      )
      (lib.filter (option: host.${option} != null && !(isKnown host.${option})) [ "httpProxy" "httpsProxy" ])
  );
}
