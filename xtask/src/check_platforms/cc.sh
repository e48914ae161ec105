#!/bin/sh
# A C compiler for a system whose own cannot be had: zig, told the target in STEPWIRE_ZIG_TARGET. What callers say of
# target, system's root and oldest version, in words that zig does not know, is left out.
skip=
for word do
  shift
  if [ -n "$skip" ]; then
    skip=
    continue
  fi
  case $word in
    -arch | -isysroot | -target) skip=1 ;;
    --target=* | -mmacosx-version-min=* | -miphoneos-version-min=* | -mios-version-min=*) ;;
    *) set -- "$@" "$word" ;;
  esac
done
exec "$STEPWIRE_ZIG" -m ziglang cc -target "$STEPWIRE_ZIG_TARGET" "$@"
