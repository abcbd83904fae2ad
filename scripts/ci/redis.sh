#!/bin/bash
# Runs the tests of throttling through Redis against a Redis from Debian. It has its own folder and port on
# the loopback interface, and stops after the tests. Installs the package when it is missing, which needs
# root. No system service is started or left enabled.
set -euo pipefail
cd "$(dirname "$0")/../.."

. scripts/ci/install-redis.sh
install_redis

node_modules/.bin/node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --config test/redis/jest.config.js "$@"
