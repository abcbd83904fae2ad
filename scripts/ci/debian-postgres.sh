#!/bin/bash
# Runs a command with TEST_DATABASE_URL set to a PostgreSQL 15 from Debian. The server has its own folder,
# user and port on the loopback interface, and stops after the command. The exit code is that of the command.
#
#   scripts/ci/debian-postgres.sh npm test
#
# Installs Debian's package when it is missing, which needs root. When an ordinary user runs this script, the
# server runs as that user.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: $0 COMMAND…" >&2; exit 2; }
bin=/usr/lib/postgresql/15/bin

if [ ! -x "$bin/postgres" ]; then
  [ "$(id -u)" = 0 ] || { echo "PostgreSQL 15 is not installed: apt-get install postgresql-15" >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  # Without this setting the package creates and starts a cluster on port 5432.
  apt-get install -y -q postgresql-common
  sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  apt-get install -y -q postgresql-15
fi

folder=$(mktemp -d)
chmod 711 "$folder"
user=
server=

cleanup() {
  if [ -n "$server" ]; then
    # SIGINT ends the sessions. The server is a child of this shell, so wait works.
    kill -INT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  [ -z "$user" ] || userdel "$user" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

as_server=()
if [ "$(id -u)" = 0 ]; then
  user="sbpg$$"
  useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "$user"
  as_server=(setpriv "--reuid=$user" "--regid=$user" --clear-groups)
fi

password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && echo "$password" >"$folder/password")
mkdir "$folder/cluster"
[ -z "$user" ] || chown "$user:$user" "$folder/password" "$folder/cluster"

cd_run() (cd / && exec "$@")
cd_run "${as_server[@]}" "$bin/initdb" --pgdata="$folder/cluster" --username=sitebridge \
  --pwfile="$folder/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" ||
  { cat "$folder/initdb.log" >&2; exit 1; }

free_port() {
  node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}
for attempt in 1 2 3 4 5; do
  port=$(free_port)
  # The subshell becomes the server through exec, so both have the same process id.
  (cd / && exec "${as_server[@]}" "$bin/postgres" -D "$folder/cluster" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off) >"$folder/log" 2>&1 &
  server=$!
  until grep -q 'ready to accept connections' "$folder/log"; do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  kill -0 "$server" 2>/dev/null && break
  server=
  # Another program may have taken the port in between.
  if [ "$attempt" = 5 ] || ! grep -q 'could not bind' "$folder/log"; then
    cat "$folder/log" >&2
    exit 1
  fi
done

export TEST_DATABASE_URL="postgresql://sitebridge:$password@127.0.0.1:$port/postgres"
code=0
"$@" || code=$?
exit "$code"
