#!/bin/sh
# Brings a fresh clone to the point where its own code can run: system packages, node modules, probe, programs, page.
# Each step is skipped when nothing it depends on has changed. Then hands over. Usage: setup.sh start|test|lab [flags]
set -eu
cd "$(dirname "$0")"
mode=${1:-start}
[ $# -gt 0 ] && shift

say() { printf 'palomar: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }
has() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

wants_lab=no
wants_probe=yes
[ "$mode" = lab ] && { wants_lab=yes; wants_probe=no; }
[ "$mode" = test ] && wants_lab=yes
for flag in "$@"; do
  case $flag in
    --lab) wants_lab=yes ;;
    --no-probe | --replay | --replay=* | --help) wants_probe=no ;;
  esac
done

has node || die "node is missing: install Node.js 20.19 or newer (https://nodejs.org), then run this again"
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  die "node $(node -v) is too old: Palomar needs 20.19 or newer"

# --- system packages: only those whose command or file is absent -------------------------------------------------
packages=
need() { # need PACKAGE COMMAND-OR-FILE
  case $2 in
    /*) [ -e "$2" ] || packages="$packages $1" ;;
    *) has "$2" || packages="$packages $1" ;;
  esac
}
if [ $wants_probe = yes ] && [ -e /sys/kernel/btf/vmlinux ]; then
  need clang clang
  need llvm llvm-strip
  need bpftool bpftool
  need gcc gcc
  need make make
  need libbpf-dev /usr/include/bpf/libbpf.h
  need libelf-dev /usr/include/libelf.h
  need zlib1g-dev /usr/include/zlib.h
fi
if [ $wants_lab = yes ]; then
  need iproute2 ip
  need nftables nft
  need openssl openssl
  need dnsmasq-base dnsmasq
  [ -n "$(ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || need postgresql postgres
fi
if [ "$mode" = test ]; then
  need clang-format clang-format
  clang_major=$(clang -dumpversion 2>/dev/null | cut -d. -f1)
  need "libclang-rt-${clang_major:-14}-dev" "$(clang -print-resource-dir 2>/dev/null)/lib/linux/libclang_rt.fuzzer-$(uname -m).a"
  need iptables iptables-legacy
  need chromium chromium
  need firefox-esr firefox-esr
  need iputils-ping ping
  need curl curl
  need bind9-dnsutils dig
  need nginx-light nginx
  need socat socat
  need redis-server redis-server
  need mariadb-server mariadbd
  need apache2-utils ab
  need dnsperf dnsperf
fi
if [ -n "$packages" ]; then
  if [ "$(id -u)" = 0 ] && has apt-get; then
    say "installing$packages"
    log=$(mktemp)
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } \
      >"$log" 2>&1 || { tail -n 20 "$log" >&2; rm -f "$log"; die "apt-get could not install$packages; the lines above say why"; }
    rm -f "$log"
  else
    say "missing system packages; run:  sudo apt-get install -y --no-install-recommends$packages"
    [ "$mode" = start ] || exit 2
    say "going on without them"
  fi
fi

# --- node modules ------------------------------------------------------------------------------------------------
digest() { find "$@" -type f ! -name '*.md' -print0 2>/dev/null | LC_ALL=C sort -z | xargs -0 cat | sha256sum | cut -c1-16; }
fresh() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

modules=$(digest package-lock.json)
if ! fresh node_modules/.palomar-setup "$modules"; then
  say "installing node modules (once; about a minute)"
  npm ci --no-audit --no-fund --loglevel=error >&2 || die "npm ci failed; the lines above say why"
  echo "$modules" >node_modules/.palomar-setup
fi

# --- our own programs --------------------------------------------------------------------------------------------
sources=$(digest package.json bench cli collector db e2e hubble model server)
if ! fresh dist/.palomar-setup "$sources"; then
  say "building the programs"
  rm -rf dist
  npm run --silent build:node >&2 || die "the programs do not build; the lines above say why"
  echo "$sources" >dist/.palomar-setup
fi

if [ "$mode" != lab ]; then
  page=$(digest package.json next.config.ts postcss.config.mjs app model)
  if ! fresh out/.palomar-setup "$page"; then
    say "building the page (once; about a minute)"
    log=$(mktemp)
    NEXT_TELEMETRY_DISABLED=1 npm run --silent build:app >"$log" 2>&1 ||
      { tail -n 40 "$log" >&2; rm -f "$log"; die "the page does not build; the lines above say why"; }
    rm -f "$log"
    echo "$page" >out/.palomar-setup
  fi
fi

if [ $wants_probe = yes ] && has clang && has bpftool && [ -e /sys/kernel/btf/vmlinux ]; then
  log=$(mktemp)
  [ -x bpf/build/palomar-probe ] || say "building the probe"
  if ! PATH="$PATH:/usr/sbin:/sbin" make -C bpf >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    [ "$mode" = start ] || die "the probe does not build; the lines above say why"
    say "the probe does not build (lines above); going on without live capture"
  else
    rm -f "$log"
  fi
fi

case $mode in
  start) exec node dist/cli/main.js start "$@" ;;
  lab) exec node dist/e2e/lab/main.js "$@" ;;
  test) exec node dist/e2e/check/main.js "$@" ;;
  *) die "unknown command '$mode'; one of start, test, lab" ;;
esac
