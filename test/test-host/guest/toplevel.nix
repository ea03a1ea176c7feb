# A NixOS-shaped toplevel out of a ToplevelSpec (../toplevel.ts), without nixpkgs: the builder is
# the guest's own /bin/sh. Evaluated and built by the guest's real Nix.
{ specJson }:
let
  specialisation = name: inner: import ./toplevel.nix { specJson = toJSON inner; };
  spec = builtins.fromJSON specJson;
  inherit (builtins) attrValues concatMap concatStringsSep elem filter head isString mapAttrs match replaceStrings split toJSON;

  derive = name: script: derivation {
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" script ];
    PATH = "/usr/bin:/bin";
  };
  quote = text: "'${replaceStrings [ "'" ] [ "'\\''" ] text}'";
  write = path: text: ''
    mkdir -p "$(dirname "$out"/${quote path})"
    printf %s ${quote text} > "$out"/${quote path}
  '';
  writeAll = files: concatStringsSep "" (attrValues (mapAttrs write files));

  # Store paths of their own, so that equal specs share them and the links compare as on NixOS.
  kernel = derive "linux-${spec.kernel}" ''mkdir "$out"; echo "kernel ${spec.kernel}" > "$out/bzImage"'';
  initrd = derive "initrd-linux-${spec.initrd}" ''mkdir "$out"; echo "initrd ${spec.initrd}" > "$out/initrd"'';
  modules = derive "linux-${spec.kernelModules}-modules" ''mkdir -p "$out/lib/modules/${spec.kernelModules}"'';
  # `@NAME@` in the text of a unit is a program in the store, in the closure of this toplevel.
  programs = mapAttrs
    (name: version: derive "${name}-${version}" ''mkdir -p "$out/bin"; cp /usr/bin/sleep "$out/bin/${name}"'')
    spec.programs;
  withPrograms = replaceStrings
    (map (name: "@${name}@") (builtins.attrNames programs))
    (map (name: "${programs.${name}}/bin/${name}") (builtins.attrNames programs));

  bootParts = {
    kernel = "${kernel}/bzImage";
    initrd = "${initrd}/initrd";
    kernel-modules = "${modules}";
  };
  linkBootPart = name: path:
    if elem name spec.missing then ""
    else if elem name spec.dangling then ''ln -s /nix/store/garbage-collected-${name} "$out/${name}"
    ''
    else ''ln -s ${path} "$out/${name}"
    '';

  # `WantedBy=` becomes links in the toplevel, as NixOS makes them from `wantedBy`.
  lines = text: filter isString (split "\n" text);
  wantedBy = text: concatMap
    (line: let found = match "WantedBy=(.*)" line; in
      if found == null then [ ] else filter (word: isString word && word != "") (split " +" (head found)))
    (lines text);
  linkWants = folder: unit: text: concatStringsSep "" (map
    (target: ''
      mkdir -p "$out/${folder}/${target}.wants"
      ln -s ../${quote unit} "$out/${folder}/${target}.wants/"
    '')
    (wantedBy text));
  writeUnits = folder: files:
    writeAll (inFolder folder files) + concatStringsSep "" (attrValues (mapAttrs (linkWants folder) files));

  inFolder = folder: files: builtins.listToAttrs (map
    (name: { name = "${folder}/${name}"; value = files.${name}; })
    (builtins.attrNames files));

  # A switch starts the active targets of /etc/systemd/system anew, so that new units they want start.
  target = description: more: ''
    [Unit]
    Description=${description}
    ${more}'';
  units = {
    "multi-user.target" = target "Multi-User System" ''
      Requires=basic.target
      Conflicts=rescue.service rescue.target
      After=basic.target rescue.service rescue.target
      AllowIsolate=yes
    '';
    "timers.target" = target "Timer Units" ''
      DefaultDependencies=no
      Conflicts=shutdown.target
    '';
    "ci-runner.service" = ''
      [Unit]
      Description=Stand-in for a CI runner

      [Service]
      Environment=CI_RUNNER_DEFINITION=${spec.runner}
      ExecStart=/opt/test-host/ci-runner
      StateDirectory=ci-runner
      RuntimeDirectory=ci-runner
      Restart=always
      TimeoutStopSec=10s

      [Install]
      WantedBy=multi-user.target
    '';
  } // mapAttrs (_: withPrograms) spec.units;

  # Always there, as on NixOS: a switch stops a user unit whose file is gone.
  userUnits = {
    "default.target" = target "Main User Target" ''
      Requires=basic.target
      After=basic.target
      AllowIsolate=yes
    '';
  } // spec.userUnits;

  name = "nixos-system-test-host-${spec.label}";
  toplevel = derive name ''
    mkdir -p "$out/bin" "$out/sw" "$out/stand-in"
    ${concatStringsSep "" (attrValues (mapAttrs linkBootPart bootParts))}
    ln -s /usr/bin "$out/sw/bin"
    ln -s /usr "$out/systemd"
    ${writeUnits "etc/systemd/system" units}
    ${writeUnits "etc/systemd/user" userUnits}
    ln -s multi-user.target "$out/etc/systemd/system/default.target"
    ${writeAll (inFolder "etc" spec.etc)}
    ${writeAll (inFolder "stand-in" spec.standIn)}
    ${write "nixos-version" spec.label}
    ${write "init-interface-version" spec.initInterfaceVersion}
    ${write "kernel-params" "console=ttyS0"}
    ${if spec.switchInhibitors == null then "" else write "switch-inhibitors" (toJSON spec.switchInhibitors)}

    ${concatStringsSep "" (attrValues (mapAttrs
      (name: inner: "mkdir -p $out/specialisation; ln -s ${specialisation name inner} $out/specialisation/${name}\n")
      spec.specialisation))}
    printf '#!/bin/sh\nexec /opt/test-host/activate %s\n' "$out" > "$out/activate"
    printf '#!/bin/sh\nexec /usr/lib/systemd/systemd "$@"\n' > "$out/init"
    # As NixOS' own wrapper, it tells the program which system it belongs to.
    cat > "$out/bin/switch-to-configuration" <<WRAPPER
    #!/bin/sh
    export OUT=$out TOPLEVEL=$out DISTRO_ID=nixos SYSTEMD=/usr
    export PRE_SWITCH_CHECK=/opt/test-host/pre-switch-check INSTALL_BOOTLOADER=/opt/test-host/install-boot-loader
    export LOCALE_ARCHIVE=/usr/lib/locale/locale-archive
    [ ! -e /opt/real-switch ] || exec /opt/real-switch "\$@"
    exec /opt/test-host/switch-to-configuration "\$@"
    WRAPPER
    sed -i 's/^    //' "$out/bin/switch-to-configuration"
    chmod +x "$out/activate" "$out/init" "$out/bin/switch-to-configuration"
  '';

  # What deploy-rs makes of a toplevel: a folder of links into it, and its own two scripts.
  activatable = derive "activatable-${name}" ''
    mkdir "$out"
    ln -s ${toplevel}/* "$out/"
    printf '#!/bin/sh\nexec "$PROFILE/bin/switch-to-configuration" switch\n' > "$out/deploy-rs-activate"
    printf '#!/bin/sh\n' > "$out/activate-rs"
    chmod +x "$out/deploy-rs-activate" "$out/activate-rs"
  '';
in
if spec.wrapped then activatable else toplevel
