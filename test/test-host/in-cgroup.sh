#!/bin/sh
# in-cgroup.sh CGROUP PROGRAM ARG…: PROGRAM starts as a member of CGROUP, so that no child of it
# was ever outside.
echo $$ > "$1/cgroup.procs" || exit
shift
exec "$@"
