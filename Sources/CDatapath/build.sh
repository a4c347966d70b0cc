#!/bin/sh
# Compiles the eBPF programs to ebpf/datapath.bpf.o, which is committed so that `swift build` needs neither the bpf
# target nor libbpf's headers. Same sources, same clang, same bytes, from any folder.
#
#   build.sh          rebuild
#   build.sh --check  exit 1 when the committed object is not that of the sources
#
# CLANG and OBJCOPY choose other tools. Needs clang with the bpf target (Swift's toolchain has it) and libbpf-dev.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/ebpf"

toolchain=$(dirname "$(command -v swift || echo /opt/swift/usr/bin/swift)")
CLANG=${CLANG:-$toolchain/clang}
OBJCOPY=${OBJCOPY:-$toolchain/llvm-objcopy}

sources="datapath.bpf.c $(ls *.h | LC_ALL=C sort) ../include/maps.h"
record=datapath.sources.txt

# What the object was made from: the compiler, and one line a source.
describe() {
  "$CLANG" --version | head -n 1 | sed 's/ (.*//; s/^/# /'
  sha256sum $sources
}

compile() {
  # Debian keeps <asm/types.h> in a folder of the machine's architecture, which -target bpf does not search.
  architecture=$("$CLANG" -print-multiarch 2>/dev/null || true)
  [ -d "/usr/include/$architecture/asm" ] || architecture=$(ls -d /usr/include/*/asm | head -n 1 | cut -d/ -f4)
  "$CLANG" -O2 -g -target bpf -mcpu=v3 -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter \
    -Wno-sign-compare -Wno-address-of-packed-member -fno-ident -Xclang -fno-split-cold-code \
    -fdebug-compilation-dir=. -ffile-prefix-map="$here/=" \
    -idirafter "/usr/include/$architecture" -I../include -c datapath.bpf.c -o "$1"
  # DWARF is of no use in the kernel and ten times the size; BTF stays.
  "$OBJCOPY" --strip-debug "$1"
}

if [ "${1:-}" = "--check" ]; then
  if [ "$(describe | head -n 1)" = "$(head -n 1 $record)" ]; then
    fresh=$(mktemp)
    trap 'rm -f "$fresh"' EXIT
    if compile "$fresh" && cmp -s "$fresh" datapath.bpf.o; then
      echo "eBPF object: the bytes that these sources give"
      exit 0
    fi
  elif [ "$(describe | tail -n +2)" = "$(tail -n +2 $record)" ]; then
    echo "eBPF object: made from these sources, by another compiler than this one"
    exit 0
  fi
  echo "eBPF object: NOT made from these sources; run Sources/CDatapath/build.sh and commit ebpf/" >&2
  exit 1
fi

compile datapath.bpf.o
describe > $record
ls -l datapath.bpf.o
