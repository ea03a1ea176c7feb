import assert from "node:assert/strict";
import * as v from "valibot";
import { nixTest } from "./pkgs/nix-test.ts";
import { enabled, hostView, viewSchema } from "./view.ts";

const NO_UNIT = /^services\.deployFinalize: deploy-finalize-resume\.service does not start at boot/;
const ON_TMPFS =
  /^services\.deployFinalize\.stateDir: \/var\/lib\/deploy-finalize is on tmpfs and does not survive/;
const TMPFS_ROOT = `fileSystems."/" = { device = "none"; fsType = "tmpfs"; };`;
const upper = (fsType: string): string =>
  `fileSystems."/" = { fsType = "${fsType}"; };
   fileSystems."/var" = { fsType = "overlay"; options = [ "lowerdir=/a" "upperdir=/upper" ]; };`;

const LUKS = `boot.initrd.luks.devices.root.device = "/dev/vda2";`;

/** Options of the module, what else the host has, and what the module warns of. */
const hosts: Record<string, [options: string, others: string, warning?: RegExp]> = {
  "without file systems": ["", ""],
  "on a disk": ["", `fileSystems."/" = { device = "/dev/vda1"; fsType = "ext4"; };`],
  "with its root on tmpfs": ["", TMPFS_ROOT, ON_TMPFS],
  "with /var on tmpfs": ["", `fileSystems."/var" = { fsType = "tmpfs"; };`, ON_TMPFS],
  "with a folder on tmpfs of a similar name": [
    "",
    `fileSystems."/var/lib/deploy" = { fsType = "tmpfs"; };`,
  ],
  "with its root on tmpfs and /var on a disk": [
    "",
    `${TMPFS_ROOT} fileSystems."/var" = { device = "/dev/vda1"; fsType = "ext4"; };`,
  ],
  "with a persistent folder that a mount unit brings": [
    "",
    `${TMPFS_ROOT} systemd.mounts = [ { what = "/persist"; where = "/var/lib/deploy-finalize"; } ];`,
  ],
  "with its root on tmpfs and a state folder on a disk": [
    `stateDir = "/persist/deploys";`,
    `${TMPFS_ROOT} fileSystems."/persist" = { fsType = "ext4"; };`,
  ],
  "with its root on tmpfs, that never reboots": ["reboot.allow = false;", TMPFS_ROOT],
  "with its root on tmpfs, that never reboots by settings": [
    "settings.rebootWhenChanged = [ ];",
    TMPFS_ROOT,
    /rebootWhenChanged is empty on a host with a kernel/,
  ],
  "with an overlay above tmpfs": ["", upper("tmpfs"), /is on overlay above tmpfs/],
  "with an overlay above a disk": ["", upper("ext4")],
  "whose resume unit is disabled": [
    "",
    "systemd.services.deploy-finalize-resume.enable = false;",
    NO_UNIT,
  ],
  "whose resume unit nothing wants": [
    "",
    "systemd.services.deploy-finalize-resume.wantedBy = lib.mkForce [ ];",
    NO_UNIT,
  ],
  "with a check of a unit that it has": [
    `verify.checks.a = { kind = "unit"; unit = "a@x.service"; };`,
    `systemd.units."a@.service" = { };`,
  ],
  "with a check of a unit that it does not have": [
    `verify.checks.web = { kind = "unit"; unit = "ngnix.service"; };`,
    `systemd.units."nginx.service" = { };`,
    /this configuration has no ngnix\.service/,
  ],
  "whose token goes over http": [
    `report.receivers.push = { kind = "gotify"; url = "http://push.lan"; tokenFile = "/run/secrets/x"; };`,
    "",
    /a token is sent over http:\/\/ to http:\/\/push\.lan/,
  ],
  "whose token for alerts goes over http": [
    `waitFor.alerts = { url = "http://prometheus.lan"; tokenFile = "/run/secrets/x"; };`,
    "",
    /waitFor\.alerts: a token is sent over http:\/\/ to http:\/\/prometheus\.lan/,
  ],
  "that asks a Prometheus without a token": [`waitFor.alerts.url = "http://prometheus.lan";`, ""],
  "whose token stays on the host": [
    `report.receivers.push = { kind = "gotify"; url = "http://127.0.0.1:80"; tokenFile = "/run/secrets/x"; };`,
    "",
  ],
  "whose root waits for a passphrase": [
    "",
    LUKS,
    /waits until somebody types the passphrase of root, and nothing verifies/,
  ],
  "whose root waits for a passphrase, that never reboots": ["reboot.allow = false;", LUKS],
  "whose root waits for a passphrase, that must not": [`reboot.unattended = "require";`, LUKS],
  "whose root is said to need no passphrase": ["reboot.passphrases = [ ];", LUKS],
  "with a list of checks": [
    `verify.checks = [ { kind = "unit"; unit = "a.service"; } ];`,
    "",
    /verify\.checks is a list\. Give each entry a name/,
  ],
  "that can fall back": [
    `reboot.fallback = "require";`,
    `imports = [ { options.boot.loader.grub.enable = lib.mkOption { default = true; }; } ];`,
  ],
  "with a CI runner as a user unit": [
    "",
    "systemd.user.services.gitea-runner-main.serviceConfig = { };",
    /a CI runner is a user unit \(gitea-runner-main\)/,
  ],
  "with a runner of its own as a user unit": [
    `waitFor.runners.builds.detect.kind = "processes";`,
    "systemd.user.services.builds = { };",
    /a CI runner is a user unit \(builds\)/,
  ],
  "with a proxy": ["", `networking.proxy.httpsProxy = "http://u:p@proxy:3128";`],
  "with a proxy of a kind that Node does not know": [
    "",
    `networking.proxy.httpProxy = "socks5://proxy:1080";`,
    /networking\.proxy\.httpProxy is no proxy that deploy-finalize knows/,
  ],
  "with other user units": ["", "systemd.user.services.syncthing = { };"],
};

for (const [what, [options, others, warning]] of Object.entries(hosts)) {
  nixTest(`module: a host ${what} is ${warning === undefined ? "fine" : "warned"}`, async (nix) => {
    const view = await nix.evaluate(hostView(enabled(options, others)));
    const { warnings } = v.parse(viewSchema, view);
    assert.equal(warnings.length, warning === undefined ? 0 : 1, warnings.join("\n"));
    if (warning !== undefined) assert.match(warnings[0] ?? "", warning);
  });
}
