# For other scripts: `. scripts/ci/install-redis.sh && install_redis`.

# Installs Redis from Debian when it is missing, which needs root. No system service is started or left
# enabled.
install_redis() {
  ! command -v redis-server >/dev/null || return 0
  [ "$(id -u)" = 0 ] || { echo 'redis-server is not installed: apt-get install redis-server' >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  # The package would start a service on port 6379. Exit code 101 forbids that: invoke-rc.d(8).
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap "rm -f $policy" EXIT
  else
    policy=
  fi
  apt-get update -q
  apt-get install -y -q --no-install-recommends redis-server
  [ -z "$policy" ] || rm -f "$policy"
  trap - EXIT
  # The service must not start at the next boot either.
  ! command -v systemctl >/dev/null || systemctl disable redis-server >/dev/null 2>&1 || true
}
