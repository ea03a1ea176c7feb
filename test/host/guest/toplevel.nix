# A NixOS-shaped toplevel out of a ToplevelSpec (../toplevel.ts), without nixpkgs: the builder is
# the guest's own /bin/sh. Evaluated and built by the guest's real Nix.
{ specJson }:
let
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
  linkWants = unit: text: concatStringsSep "" (map
    (target: ''
      mkdir -p "$out/etc/systemd/system/${target}.wants"
      ln -s ../${quote unit} "$out/etc/systemd/system/${target}.wants/"
    '')
    (wantedBy text));

  inUnits = files: builtins.listToAttrs (map
    (name: { name = "etc/systemd/system/${name}"; value = files.${name}; })
    (builtins.attrNames files));
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
  } // spec.units;

  name = "nixos-system-test-host-${spec.label}";
  toplevel = derive name ''
    mkdir -p "$out/bin" "$out/sw" "$out/stand-in"
    ${concatStringsSep "" (attrValues (mapAttrs linkBootPart bootParts))}
    ln -s /usr/bin "$out/sw/bin"
    ln -s /usr "$out/systemd"
    ${writeAll (inUnits units)}
    ${concatStringsSep "" (attrValues (mapAttrs linkWants units))}
    ln -s multi-user.target "$out/etc/systemd/system/default.target"
    ${writeAll (inFolder "etc" spec.etc)}
    ${writeAll (inFolder "stand-in" spec.standIn)}
    ${write "nixos-version" spec.label}
    ${write "init-interface-version" spec.initInterfaceVersion}
    ${write "kernel-params" "console=ttyS0"}
    ${if spec.switchInhibitors == null then "" else write "switch-inhibitors" (toJSON spec.switchInhibitors)}

    printf '#!/bin/sh\nexec /opt/test-host/activate %s\n' "$out" > "$out/activate"
    printf '#!/bin/sh\nexec /usr/lib/systemd/systemd "$@"\n' > "$out/init"
    # As NixOS' own wrapper, it tells the program which system it belongs to.
    cat > "$out/bin/switch-to-configuration" <<WRAPPER
    #!/bin/sh
    export OUT=$out TOPLEVEL=$out DISTRO_ID=nixos SYSTEMD=/usr
    export PRE_SWITCH_CHECK=/opt/test-host/pre-switch-check INSTALL_BOOTLOADER=/opt/test-host/install-boot-loader
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
