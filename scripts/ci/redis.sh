#!/bin/bash
# Runs the tests of throttling through Redis against a Redis of Debian's that lives only as long: its own
# folder and port, on loopback. Installs the package when it is not there (needs root then); no service of
# the system is started or left.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v redis-server >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo 'redis-server is not installed: apt-get install redis-server' >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  # The package would start a service on port 6379. 101 forbids it: invoke-rc.d(8).
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -q
  apt-get install -y -q --no-install-recommends redis-server
  rm -f "$policy"
  trap - EXIT
  # Nor shall it come with the next start of the machine.
  ! command -v systemctl >/dev/null || systemctl disable redis-server >/dev/null 2>&1 || true
fi

node_modules/.bin/node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --config test/redis/jest.config.js "$@"
