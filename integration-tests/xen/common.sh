# What the scripts of the test machine share.

# Exit codes: they tell whether a test, the machine or a guest is to blame.
EXIT_TEST=1
EXIT_USAGE=2
EXIT_MACHINE=3
EXIT_GUEST=4
EXIT_EMULATION=5

note() {
  echo "xen: $*" >&2
}

fail_machine() {
  note "$*"
  exit $EXIT_MACHINE
}

# Prints the home of a JDK whose version is 25 or newer.
find_jdk() {
  local home version
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [[ -x $home/bin/jlink && -r $home/release ]] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if [[ -n $version && $version -ge 25 ]]; then
      echo "$home"
      return 0
    fi
  done
  return 1
}

# Installs packages whose command is missing; arguments are command:package.
install_missing() {
  local pair missing=()
  for pair in "$@"; do
    type -P "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [[ ${#missing[@]} == 0 ]] && return 0
  [[ $(id -u) == 0 ]] && type -P apt-get >/dev/null ||
    fail_machine "missing packages: ${missing[*]}; install them: apt-get install --no-install-recommends ${missing[*]}"
  note "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" >&2 ||
    { apt-get -qq update >&2 &&
      DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" >&2; } ||
    fail_machine "apt-get could not install ${missing[*]}"
}
