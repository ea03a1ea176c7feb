# What cannot work on this host as it is configured. The program warns of the same when it is called.
{ config, lib, ... }:
let
  cfg = config.services.deployFinalize;
  value = path: lib.attrByPath path null cfg.effective;
  at = place: "services.deployFinalize.${place}";

  resume = config.systemd.services.deploy-finalize-resume;
  wantedBy = (resume.wantedBy or [ ]) ++ (resume.requiredBy or [ ]) ++ (resume.upheldBy or [ ]);
  startsAtBoot = resume.enable && lib.any (lib.hasSuffix ".target") wantedBy;

  isPath = path: builtins.isString path && lib.hasPrefix "/" path;
  stateDir = value [ "stateDir" ];
  mayReboot = value [ "reboot" "allow" ] != false && value [ "rebootWhenChanged" ] != [ ];

  # A mount unit without a file system, as some modules for persistent folders make it: what it
  # mounts is unknown, so that nothing is said of it.
  unitsOfMounts = map (mount: {
    mountPoint = mount.where;
    fsType = null;
  }) config.systemd.mounts;
  fileSystems = lib.mapAttrsToList (
    folder: fs:
    fs
    // {
      mountPoint = fs.mountPoint or folder;
      fsType = fs.fsType or "auto";
    }
  ) (lib.filterAttrs (_: fs: fs.enable or true) config.fileSystems);
  mounts = fileSystems ++ unitsOfMounts;

  # The mount that holds a path: of those above it, the one with the longest path.
  mountOf =
    path:
    let
      isAbove =
        { mountPoint, ... }:
        mountPoint == "/" || mountPoint == path || lib.hasPrefix "${mountPoint}/" path;
      longer =
        one: other:
        if one == null || lib.stringLength other.mountPoint >= lib.stringLength one.mountPoint then other else one;
    in
    lib.foldl' longer null (lib.filter isAbove mounts);

  inMemory = [
    "tmpfs"
    "ramfs"
  ];
  upperOf =
    mount:
    let
      read = builtins.match "upperdir=(.*)";
      given = lib.concatMap (option: lib.toList (read option)) (mount.options or [ ]);
      folders = lib.filter (folder: folder != null) given;
      own = mount.overlay.upperdir or null;
    in
    if own != null then
      toString own
    else if folders != [ ] then
      builtins.head folders
    else
      null;

  # The file system in memory under a path, in words; null if there is none, or if it is unknown.
  memoryUnder =
    path:
    let
      mount = mountOf path;
      upper = upperOf mount;
      below = if upper == null then null else mountOf upper;
    in
    if mount == null then
      null
    else if lib.elem mount.fsType inMemory then
      mount.fsType
    else if mount.fsType == "overlay" && below != null && lib.elem below.fsType inMemory then
      "overlay above ${below.fsType}"
    else
      null;

  # A switch restarts changed user units too, and the job of a runner among them dies.
  kinds = "(act|gitea|forgejo|github|gitlab|buildkite|woodpecker)";
  named = map (runner: runner.unit or null) (cfg.effective.waitFor.runners or [ ]);
  isRunner =
    name:
    lib.elem "${name}.service" named || builtins.match "${kinds}[-_]?(actions-)?(runner|agent).*" name != null;
  userRunners = lib.filter isRunner (lib.attrNames (config.systemd.user.services or { }));

  unseen = map (runner: runner.unit) (
    lib.filter (runner: runner.preset or null == "microvm") (cfg.effective.waitFor.runners or [ ])
  );

  # Units of packages are in no option, so an unknown one may exist all the same.
  hasUnit =
    unit:
    let
      template = builtins.match "([^@]+@).*([.][a-z]+)" unit;
      known = config.systemd.units or { };
    in
    known == { } || known ? ${unit} || template != null && known ? ${lib.concatStrings template};
  # Only the program looks at `settings`, so this may be anything.
  entriesAt = path: lib.filter builtins.isAttrs (let all = value path; in if builtins.isList all then all else [ ]);
  unitsOfChecks = map (check: check.unit or null) (entriesAt [ "verify" "checks" ]);
  unknown = lib.filter (unit: builtins.isString unit && !hasUnit unit) (named ++ unitsOfChecks);

  # A token in such a request can be read on the way.
  isOpen =
    url:
    builtins.isString url
    && lib.hasPrefix "http://" url
    && builtins.match "http://(localhost|127[.]|\\[::1]).*" url == null;
  plain = map (receiver: receiver.url) (
    lib.filter (receiver: receiver.tokenFile or null != null && isOpen (receiver.url or null)) (
      entriesAt [ "report" "receivers" ]
    )
  );

  alerts = let all = value [ "waitFor" "alerts" ]; in if builtins.isAttrs all then all else { };
  isAlertTokenOpen = alerts.tokenFile or null != null && isOpen (alerts.url or null);

  neverReboots = value [ "rebootWhenChanged" ] == [ ] && !config.boot.isContainer;

  passphrases = let all = value [ "reboot" "passphrases" ]; in if builtins.isList all then lib.filter builtins.isString all else [ ];

  memory = if isPath stateDir then memoryUnder stateDir else null;
in
{
  config.warnings = lib.mkIf cfg.enable (
    lib.optional (!startsAtBoot)
      "services.deployFinalize: deploy-finalize-resume.service does not start at boot, so a finalization that reboots is neither verified nor rolled back, and no fallback is armed. Remove what disables systemd.services.deploy-finalize-resume."
    ++
      lib.optional (memory != null && mayReboot)
        "${at "stateDir"}: ${stateDir} is on ${memory} and does not survive a reboot, so a finalization that reboots is lost. Keep the folder on a disk, set ${at "stateDir"} to a folder that is, or set ${at "reboot.allow"} to false."
    ++
      lib.optional (unknown != [ ])
        "services.deployFinalize: this configuration has no ${lib.concatStringsSep ", " unknown}. If no package brings that unit, a check of it fails and rolls back each deploy, and a runner of that name is not seen."
    ++
      lib.optional (plain != [ ])
        "${at "report.receivers"}: a token is sent over http:// to ${lib.concatStringsSep ", " plain}, where others can read it. Use https://."
    ++
      lib.optional isAlertTokenOpen
        "${at "waitFor.alerts"}: a token is sent over http:// to ${alerts.url}, where others can read it. Use https://."
    ++
      lib.optional (passphrases != [ ] && mayReboot && value [ "reboot" "unattended" ] != "require")
        "services.deployFinalize: after a reboot the host waits until somebody types the passphrase of ${lib.concatStringsSep ", " passphrases}, and nothing verifies the target or rolls back until then. Unlock it by TPM2, Clevis, a key file or SSH in the initrd; or set ${at "reboot.unattended"} to \"require\", so that no deploy reboots; or set ${at "reboot.passphrases"} to [ ] if nobody has to type it."
    ++
      lib.optional neverReboots
        "${at "rebootWhenChanged"} is empty on a host with a kernel: a new kernel, initrd or kernel modules wait for a reboot by hand, and nothing says so."
    ++
      lib.optional (userRunners != [ ])
        "services.deployFinalize: a CI runner is a user unit (${lib.concatStringsSep ", " userRunners}). A switch restarts changed user units without asking, and deploy-finalize does not see the jobs of user units. Run the runner as a system service."
    ++
      lib.optional (unseen != [ ])
        "${at "waitFor.runners"}: deploy-finalize cannot see the jobs in a virtual machine (${lib.concatStringsSep ", " unseen}), so before it stops one, also before each reboot, it waits until waitFor.timeout. Name the unit with a command that asks inside: detect = { kind = \"command\"; command = [ … ]; }."
  );
}
