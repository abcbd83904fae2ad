#!/bin/bash
# Runs the suite that kills and stops processes, PostgreSQL and Redis under load. It has process ids and mounts
# of its own, so that nothing outlives it, however it ends. Needs root for that, and for a small disk that it
# fills. Installs Redis from Debian when it is missing.
#
#   CHAOS_SHORT=1   each kind of fault once, for CI
#   CHAOS_SEED=…    the faults of an earlier run, in the same order
set -euo pipefail
cd "$(dirname "$0")/../.."

. scripts/ci/install-redis.sh
install_redis

apart=(unshare --mount --pid --fork --kill-child --mount-proc)
"${apart[@]}" true ||
  { echo "This machine does not allow mounts and process ids of one's own (unshare). Run the suite as root." >&2; exit 1; }

# The shell stays as the first process, because it has to reap the processes that PostgreSQL leaves behind.
exec "${apart[@]}" bash -c '"$@"; exit $?' chaos node_modules/.bin/node --experimental-vm-modules \
  --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js --config test/chaos/jest.config.js "$@"
