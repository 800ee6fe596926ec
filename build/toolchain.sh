# shellcheck shell=bash
# What ./edgelearn and ./test share: the .NET SDK, the native toolchain, and the builds of the programs.
# Sourced, never run, under `set -euo pipefail`.
#
# A target is the name of a folder under artifacts/native: linux-x64-v2, linux-x64-v3, linux-x64-v4, linux-arm64;
# or jit, which is artifacts/jit. A program is a folder under that.

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)

note() { printf '%s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The best target for the CPU we stand on.
machine_target() {
  case $(uname -sm) in
    "Linux x86_64") ;;
    "Linux aarch64") echo linux-arm64; return ;;
    *) fail "EdgeLearn runs on Linux, on x86_64 and aarch64; this is $(uname -sm)" ;;
  esac
  echo "linux-x64-v$(cpu_level /lib64/ld-linux-x86-64.so.2 /proc/cpuinfo)"
}

# The level of an x86-64 CPU: 2, 3 or 4. The dynamic loader knows it (glibc 2.33 and later list it in its help); elsewhere the kernel's
# flags tell, of which some kernels leave out a few. `info` asks in the same way: runtime/EdgeLearn.Commands/Machine.cs.
# usage: cpu_level LOADER CPUINFO
cpu_level() {
  local help='' flags level=2
  [[ ! -x $1 ]] || help=$("$1" --help 2>/dev/null) || true
  case $help in
    *"x86-64-v4 (supported"*) level=4 ;;
    *"x86-64-v3 (supported"*) level=3 ;;
    *x86-64-v2*) ;;
    *)
      flags=" $(grep -m1 -E '^flags' "$2" 2>/dev/null | cut -d: -f2) " || true
      ! has_words "$flags" avx2 fma bmi1 bmi2 f16c movbe abm || level=3
      [[ $level != 3 ]] || ! has_words "$flags" avx512f avx512bw avx512cd avx512dq avx512vl || level=4 ;;
  esac
  echo "$level"
}

# usage: has_words TEXT WORD...
has_words() {
  local word
  for word in "${@:2}"; do [[ $1 == *" $word "* ]] || return 1; done
}

# What a person calls it.
target_name() {
  case $1 in
    jit) echo "JIT" ;;
    linux-x64-*) echo "x86-64-${1##*-}, NativeAOT" ;;
    linux-arm64) echo "arm64, NativeAOT" ;;
  esac
}

target_folder() {
  if [[ $1 == jit ]]; then echo "$root/artifacts/jit"; else echo "$root/artifacts/native/$1"; fi
}

# The programs: name, project, its own sources beside build/ and runtime/ (with commas between them, or -), what a person calls it.
program_table='
device    runtime/edgelearn-device/edgelearn-device.csproj            -                          the device agent
cli       host-tools/edgelearn/edgelearn-cli.csproj                   host-tools                 the CLI
bench     tests/Benchmarks/edgelearn-bench.csproj                     tests/Benchmarks           the benchmark
workload  tests/Benchmarks/workload/edgelearn-workload.csproj         tests/Benchmarks/workload  its workloads
results   tests/Results/edgelearn-results.csproj                      host-tools,tests/Results   the results
'

# Sets project, sources and called. usage: look_up PROGRAM
look_up() {
  local name
  while read -r name project sources called; do [[ $name != "$1" ]] || return 0; done <<<"$program_table"
  fail "no program is called $1"
}

program_binary() {
  local project sources called
  look_up "$2"
  project=${project##*/}
  echo "$(target_folder "$1")/$2/${project%.csproj}"
}

# One line for all files that a program is made from: their names, sizes and times. Deleted and older files change it too.
fingerprint() {
  local project sources called
  look_up "$1"
  [[ $sources != - ]] || sources=
  (
    cd "$root" || exit
    shopt -s nullglob nocaseglob
    # shellcheck disable=SC2086   # folders without blanks
    find build runtime ${sources//,/ } global.json nuget.config* Directory.* \( -name bin -o -name obj -o -name results \) -prune -o \
      -type f ! -name '*.md' ! -name '.*' ! -name '*~' -printf '%p %s %T@\n' | LC_ALL=C sort | cksum
  )
}

is_current() {
  local stamp
  stamp=$(target_folder "$1")/$2/.fingerprint
  [[ -x $(program_binary "$1" "$2") && -f $stamp && $(<"$stamp") == "$(fingerprint "$2")" ]]
}

# usage: are_current TARGET PROGRAM...
are_current() {
  local target=$1 program
  for program in "${@:2}"; do is_current "$target" "$program" || return 1; done
}

# Settings for every `dotnet` that we start: no banner, no telemetry, no process that stays behind, a home that can be written.
prepare_dotnet() {
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
  export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0
  export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1   # an SDK unpacked from a tar file would ask for libicu
  mkdir -p "$root/artifacts/log" 2>/dev/null || true
  [[ -w $root/artifacts ]] || fail "cannot write to $root/artifacts, where builds go: make it writable, or copy the project to a folder of yours"
  if [[ ! -d ${HOME:-} || ! -w ${HOME:-} ]]; then
    export HOME=$root/artifacts/home
    mkdir -p "$HOME"
  fi
  export DOTNET_CLI_HOME=${DOTNET_CLI_HOME:-$HOME}
  avoid_blanks_in_packages
}

# NativeAOT gives the linker the paths of its libraries without quotes: where packages lie behind a blank, they get a name without one.
avoid_blanks_in_packages() {
  local packages=${NUGET_PACKAGES:-$HOME/.nuget/packages} name
  [[ $packages == *[[:space:]]* ]] || return 0
  name=/tmp/edgelearn-packages-$(id -u)-$(cksum <<<"$packages" | cut -d ' ' -f 1)
  mkdir -p "$packages"
  ln -sfn "$packages" "$name" 2>/dev/null || true
  [[ $(readlink "$name") == "$packages" ]] || fail "the NuGet packages lie in $packages, which has a blank that the native linker \
cannot take: set NUGET_PACKAGES to a folder without"
  export NUGET_PACKAGES=$name
}

# Leaves the script with one line if there is no .NET SDK that can build the project.
require_sdk() {
  local how="install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0 (Ubuntu: apt-get install dotnet-sdk-10.0)" found
  command -v dotnet >/dev/null || fail "no dotnet on PATH: $how"
  found=$(dotnet --list-sdks 2>/dev/null | awk '{ print $1 }') || true
  [[ $'\n'$found == *$'\n'10.* ]] || fail "building EdgeLearn takes the .NET SDK 10, found ${found:-a runtime without an SDK}: $how"
}

# The binary of a JIT build looks for its runtime in DOTNET_ROOT or /usr: tell it where ours is.
export_dotnet_root() {
  local dotnet
  [[ -n ${DOTNET_ROOT:-} ]] || ! dotnet=$(readlink -f "$(command -v dotnet)") || export DOTNET_ROOT="${dotnet%/*}"
}

# Installs Debian packages as root or with a sudo that asks nothing; otherwise prints the line to type and returns 1.
# It tries the same once an hour, so that a machine without a network stays quick.
# usage: install_packages REASON PACKAGE...
install_packages() {
  local reason=$1 log=$root/artifacts/log/apt-$2.log sudo=() apt
  shift
  if ! command -v apt-get >/dev/null; then
    note "$reason: install what your system calls $*"
    return 1
  fi
  if [[ $(id -u) != 0 ]]; then
    if ! sudo -n true 2>/dev/null; then
      note "$reason: sudo apt-get install -y --no-install-recommends $*"
      return 1
    fi
    sudo=(sudo -n)
  fi
  if [[ $(find "$log" -mmin -60 2>/dev/null) ]]; then
    note "$reason: installing $* did not help within the last hour (to try again: rm $log)"
    return 1
  fi
  note "Installing $* ($reason)..."
  apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2)
  if ! { "${apt[@]}" install --no-install-recommends "$@" ||
    { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "$@"; }; } >"$log" 2>&1 </dev/null; then
    note "could not install $*: $(grep -E '^E: ' "$log" | tail -n 1)"
    return 1
  fi
}

# Whether a compiler links a program, called as the SDK calls it. usage: links COMPILER [OPTION]...
links() { command -v "$1" >/dev/null && echo 'int main(void) { return 0; }' | "$@" -x c - -o /dev/null 2>/dev/null; }

# What .NET loads for TLS, to restore packages and to join a fleet. Without it the program that needs it says so.
ensure_tls() {
  local missing=()
  [[ $(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null) == *libssl.so.* ]] || missing+=(libssl3)
  [[ -s /etc/ssl/certs/ca-certificates.crt || -s /etc/pki/tls/certs/ca-bundle.crt ]] || missing+=(ca-certificates)
  ((${#missing[@]} == 0)) || install_packages "TLS needs it" "${missing[@]}" || true
}

# Makes sure that the native linker of a target works; returns 1 if it cannot.
ensure_linker() {
  local machine
  machine=$(uname -m)
  case $1-$machine in
    linux-x64-*-x86_64 | linux-arm64-aarch64)
      # The SDK takes clang where there is one.
      if command -v clang >/dev/null; then links clang && return; else links gcc -fuse-ld=bfd && return; fi
      install_packages "native programs need a linker" gcc libc6-dev && links gcc -fuse-ld=bfd ;;
    linux-arm64-x86_64)
      links aarch64-linux-gnu-gcc && return
      install_packages "arm64 programs need a cross linker" gcc-aarch64-linux-gnu libc6-dev-arm64-cross && links aarch64-linux-gnu-gcc ;;
    *)
      note "$1 cannot be built on $machine"
      return 1 ;;
  esac
}

# Publishes programs for a target into their folders. Does what it must and nothing more: returns at once when all are current.
# usage: build_programs TARGET PROGRAM...
build_programs() {
  local target=$1 program stale=() lock
  shift
  prepare_dotnet
  exec {lock}>"$root/artifacts/.lock"
  flock -n "$lock" || { note "Waiting for another build of this folder..."; flock "$lock"; }
  for program; do is_current "$target" "$program" || stale+=("$program"); done
  if ((${#stale[@]})); then publish_watched "$target" "${stale[@]}" {lock}>&-; fi
  exec {lock}>&-
}

# Runs publish_programs in a process group of its own, so that Ctrl-C ends all of it, with a line that counts the seconds.
publish_watched() {
  local target=$1 names='' log=$root/artifacts/log/$1.log group ticker='' start=$SECONDS status=0 program project sources called
  for program in "${@:2}"; do
    look_up "$program"
    names+="${names:+ and }$called"
  done
  names="Building $names ($(target_name "$target"))..."
  set -m
  publish_programs "$@" >"$log" 2>&1 </dev/null &
  group=$!
  set +m
  if [[ -t 2 ]]; then
    while kill -0 $$ && printf '\r%s %d s ' "$names" $((SECONDS - start)) >&2; do sleep 1; done &
    ticker=$!
  fi
  # shellcheck disable=SC2064
  trap "kill -TERM -- -$group ${ticker:+$ticker} 2>/dev/null; echo >&2; exit 130" INT TERM HUP
  wait "$group" || status=$?
  trap - INT TERM HUP
  if [[ $ticker ]]; then
    kill "$ticker"
    wait "$ticker" 2>/dev/null || true
    printf '\r' >&2
  fi
  note "$names $((SECONDS - start)) s"
  if ((status)); then
    # The last errors, each once and without the name of its project; or, of an unknown failure, the end of the log.
    { grep -E '(: | )error( |:)' "$log" | sed 's/ \[[^]]*\]$//' | awk '!seen[$0]++' | tail -n 10 | cut -c 1-400 | grep . || tail -n 15 "$log"; } >&2
    fail "the build failed; its log is $log"
  fi
}

publish_programs() {
  local target=$1 program rid jobs=() job status=0 project sources called
  shift
  rid=${target%-v[234]}
  if [[ $rid == jit ]]; then
    rid=linux-x64
    [[ $(uname -m) != aarch64 ]] || rid=linux-arm64
  fi
  rm -rf "$(target_folder "$target")"/*.new "$(target_folder "$target")"/*.old
  # The IL is the same for every instruction set and is compiled once; then the native compilers run beside each other.
  for program; do
    fingerprint "$program" >"$root/artifacts/.fingerprint-$program"
    if [[ $target == jit ]]; then
      publish_program "$target" "$program" "$rid" -p:PublishAot=false --self-contained false
      install_program "$target" "$program"
    else
      look_up "$program"
      dotnet build "$root/$project" -c Release -r "$rid" -v minimal
    fi
  done
  [[ $target != jit ]] || return 0
  for program; do
    publish_native "$target" "$program" "$rid" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || status=$?; done
  return "$status"
}

publish_native() {
  local target=$1 program=$2 rid=$3 objects options=(--no-build -p:CopyOutputSymbolsToPublishDirectory=false)
  objects=$root/artifacts/obj/native/$target/$program
  options+=(-p:NativeIntermediateOutputPath="$objects/obj/" -p:NativeOutputPath="$objects/bin/")
  case $target in
    *-v3) options+=(-p:IlcInstructionSet=x86-64-v3) ;;
    *-v4) options+=(-p:IlcInstructionSet=x86-64-v4) ;;
  esac
  publish_program "$target" "$program" "$rid" "${options[@]}" || return
  install_program "$target" "$program"
}

publish_program() {
  local target=$1 program=$2 rid=$3 project sources called
  shift 3
  look_up "$program"
  dotnet publish "$root/$project" -c Release -r "$rid" -v minimal -o "$(target_folder "$target")/$program.new" "$@"
}

# A folder appears whole or not at all.
install_program() {
  local folder
  folder=$(target_folder "$1")/$2
  rm -f "$folder.new"/*.dbg "$folder.new"/*.pdb "$folder.new"/*.xml
  mv "$root/artifacts/.fingerprint-$2" "$folder.new/.fingerprint"
  [[ ! -e $folder ]] || mv "$folder" "$folder.old"
  mv "$folder.new" "$folder"
  rm -rf "$folder.old"
}
