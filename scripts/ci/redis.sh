#!/bin/bash
# Runs the tests of throttling through Redis against a Redis from Debian. It has its own folder and port on
# the loopback interface, and stops after the tests. Installs the package when it is missing, which needs
# root. No system service is started or left enabled.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v redis-server >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo 'redis-server is not installed: apt-get install redis-server' >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  # The package would start a service on port 6379. Exit code 101 forbids that: invoke-rc.d(8).
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
  # The service must not start at the next boot either.
  ! command -v systemctl >/dev/null || systemctl disable redis-server >/dev/null 2>&1 || true
fi

node_modules/.bin/node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --config test/redis/jest.config.js "$@"
