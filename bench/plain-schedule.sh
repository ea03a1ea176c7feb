#!/bin/bash
# What an operator would write by hand: the same lookups, the same stop, the same
# timer, the same lines. It keeps no record, pins nothing and checks little.
set -euo pipefail
delay=$1
profile=/nix/var/nix/profiles/system

action=switch reason='services only'
for name in kernel initrd kernel-modules; do
  booted=$(readlink -e "/run/booted-system/$name")
  new=$(readlink -e "$profile/$name")
  echo "deploy-finalize: booted_$name=$booted"
  echo "deploy-finalize: new_$name=$new"
  if [ "$booted" != "$new" ]; then action=reboot reason="$name changed"; fi
done

TZ=UTC printf -v stamp '%(%Y%m%d-%H%M%S)T' "$EPOCHSECONDS"
TZ=UTC printf -v at '%(%Y-%m-%d %H:%M:%S)T UTC' "$((EPOCHSECONDS + delay))"
unit=deploy-finalize-$stamp-$RANDOM
command=("$profile/bin/switch-to-configuration" switch)
if [ "$action" = reboot ]; then command=(systemctl reboot); fi

systemctl stop 'deploy-finalize-*.timer'
systemd-run --quiet --collect --unit="$unit" --on-calendar="$at" \
  --timer-property=AccuracySec=100ms -- "${command[@]}"
echo "deploy-finalize: action=$action reason=$reason delay=${delay}s unit=$unit"
