#!/bin/sh
# usage: wine-in-chroot.sh SYSTEM PREFIX SHARED PROGRAM [ARGUMENT...]
#
# Runs a program in another system's tree, which has Wine, in a mount namespace of its own. The folders in SHARED,
# separated by colons, are there under the same names; PREFIX is where Wine keeps its state. Every step replaces
# the one before it, so that the process started is the one that runs.
set -eu
system=$1 shared=$3
export WINEPREFIX="$2" WINEDEBUG="${WINEDEBUG--all}"
shift 3
exec unshare --mount --propagation private sh -euc '
  system=$1 shared=$2 folder=$PWD
  shift 2
  mount -t proc proc "$system/proc"
  mount --rbind /dev "$system/dev"
  IFS=:
  for one in $shared; do
    mkdir -p "$system$one"
    mount --bind "$one" "$system$one"
  done
  unset IFS
  exec chroot "$system" env HOME=/root PATH=/usr/bin:/bin:/usr/sbin:/sbin:/usr/lib/wine LANG=C.UTF-8 \
    XDG_RUNTIME_DIR=/tmp sh -c "cd \"\$0\" && exec \"\$@\"" "$folder" "$@"
' sh "$system" "$shared" "$@"
