#!/bin/sh
# Turns the fresh Debian in $1 into the image of the test hosts. Called by mmdebstrap (image.ts).
# Everything that changes often is in guest/, mounted at run time; what is here is in the image.
set -eu
root=$1

# Units that a throw-away container has no use for, and that cost boot time. Masked in /usr/lib,
# because /etc/systemd/system belongs to the toplevel, as on NixOS.
units=$root/usr/lib/systemd/system
for unit in getty.target getty-static.service console-getty.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-firstboot.service \
    systemd-machine-id-commit.service systemd-sysusers.service systemd-random-seed.service \
    systemd-binfmt.service systemd-modules-load.service systemd-sysctl.service systemd-repart.service \
    systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-pstore.service \
    systemd-journald-audit.socket systemd-ask-password-console.path systemd-ask-password-wall.path \
    systemd-tmpfiles-clean.timer systemd-hwdb-update.service kmod-static-nodes.service \
    dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount remote-fs.target \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer \
    e2scrub_all.timer e2scrub_reap.service; do
  rm -f "$units/$unit"
  ln -s /dev/null "$units/$unit"
done
# Each boot and each daemon-reload starts all generators. These have nothing to generate in a container.
for generator in bless-boot cryptsetup getty gpt-auto hibernate-resume integritysetup rc-local ssh \
    system-update sysv tpm2 veritysetup; do
  rm -f "$root/usr/lib/systemd/system-generators/systemd-$generator-generator"
done
ln -sf ../ssh.service "$units/multi-user.target.wants/ssh.service"
# The real switch-to-configuration restarts this target on every switch.
printf '[Unit]\nDescription=Units ordered before sysinit.target, started anew by a switch\n' \
  > "$units/sysinit-reactivation.target"

# As on NixOS: /etc/systemd/{system,user} are links into /etc/static, which activation links to the toplevel.
for scope in system user; do
  rm -rf "$root/etc/systemd/$scope"
  ln -s "/etc/static/systemd/$scope" "$root/etc/systemd/$scope"
done
# A toplevel has it only if it sets something: another one makes a switch execute systemd anew.
rm -f "$root/etc/systemd/system.conf"
# Debian links this folder to /etc/systemd/user. NixOS has no such link, and unit paths would differ.
rm -f "$root/etc/xdg/systemd/user"
touch "$root/etc/NIXOS"
printf 'test-host\n' > "$root/etc/hostname"
printf '127.0.0.1 localhost test-host\n::1 localhost\n' > "$root/etc/hosts"
printf 'uninitialized\n' > "$root/etc/machine-id"
# Logs must outlive reboots and power cuts.
mkdir -p "$root/var/log/journal" "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\n' > "$root/etc/systemd/journald.conf.d/test-host.conf"

# Single-user Nix, offline. Syncing buys nothing: a power cut here never loses the page cache.
mkdir -p "$root/etc/nix"
cat > "$root/etc/nix/nix.conf" <<'NIX'
sandbox = false
substituters =
build-users-group =
sync-before-registering = false
fsync-metadata = false
keep-build-log = false
NIX

# `ssh root@localhost` works without questions, and PAM makes each login a logind session.
ssh-keygen -q -t ed25519 -N '' -f "$root/etc/ssh/root_login"
mkdir -m 700 -p "$root/root/.ssh"
cp "$root/etc/ssh/root_login.pub" "$root/root/.ssh/authorized_keys"
mv "$root/etc/ssh/root_login" "$root/root/.ssh/id_ed25519"
sed 's/^/localhost,127.0.0.1 /' "$root/etc/ssh/ssh_host_ed25519_key.pub" > "$root/root/.ssh/known_hosts"
printf 'UseDNS no\nListenAddress 127.0.0.1\nPermitRootLogin yes\n' > "$root/etc/ssh/sshd_config.d/test-host.conf"

# The user whose user manager a test can start (Host.userManager).
chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash alice

mkdir -p "$root/opt/test-host" "$root/opt/deploy-finalize" "$root/usr/local/bin" "$root/boot/loader"
touch "$root/usr/local/bin/node"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
