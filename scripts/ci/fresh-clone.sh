#!/bin/bash
# Tests the first start by a new user: clones this checkout's HEAD and runs `npm ci && npm start` with only
# the machine's Node and npm. It runs once as root below /root, and once as a new ordinary user in its home
# folder. Each time the server must become ready, and become ready again with the existing data folder. On
# SIGTERM it must stop with exit code 0 and leave no PostgreSQL running. Prints the times. Needs root, and
# removes everything it created.
set -euo pipefail

[ "$(id -u)" = 0 ] || { echo "$0 tries both root and an ordinary user: run it as root" >&2; exit 2; }
source_dir=$(cd "$(dirname "$0")/../.." && pwd)

# `npm run` puts node_modules/.bin of this checkout into PATH, which a new user does not have. So PATH is
# reset.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
system_dir=/var/lib/sitebridge
had_system_dir=$([ -e "$system_dir" ] && echo yes || echo no)

user=
clone=
server=

# Lists the processes whose working directory is a folder. PostgreSQL's processes work in their data folder.
processes_in() {
  local process
  for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/cwd" 2>/dev/null)" = "$1" ]; then echo "${process#/proc/}"; fi
  done
}

# Ends the processes that a failed attempt left running: the server in the clone, and its PostgreSQL.
end_leftovers() {
  local folder process
  for folder in "$clone" "$(cluster)"; do
    for process in $(processes_in "$folder"); do kill -TERM "$process" 2>/dev/null || true; done
    for _ in $(seq 100); do
      [ -n "$(processes_in "$folder")" ] || break
      sleep 0.1
    done
  done
}

cluster() { echo "$(cat "$clone/.data/postgres-location" 2>/dev/null || echo "$clone/.data/postgres")/data"; }

forget_clone() {
  [ -n "$clone" ] || return 0
  end_leftovers
  local pointer="$clone/.data/postgres-location"
  if [ -f "$pointer" ]; then
    local home
    home=$(cat "$pointer")
    case "$home" in "$system_dir"/database-*) rm -rf "$home" ;; esac
  fi
  rm -rf "$clone"
  clone=
}

cleanup() {
  if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  forget_clone
  [ -z "$user" ] || userdel --remove "$user" 2>/dev/null || true
  [ "$had_system_dir" = yes ] || rm -rf "$system_dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  echo "FAILED ($who): $*" >&2
  [ ! -f "$clone/start.log" ] || tail -40 "$clone/start.log" >&2
  exit 1
}

# The settings for reaching the npm registry belong to the machine and not to the project, so they are kept.
network=()
for name in NODE_EXTRA_CA_CERTS SSL_CERT_FILE HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
  [ -z "${!name:-}" ] || network+=("$name=${!name}")
done
for name in registry cafile proxy https-proxy; do
  value=$(cd / && npm config get "$name" 2>/dev/null)
  case "$value" in null | undefined | "") ;; *) network+=("npm_config_${name//-/_}=$value") ;; esac
done

# Runs a command in the clone as `who`, with an environment without the variables of this shell.
run_as() {
  local drop=()
  [ "$who" = root ] || drop=(setpriv "--reuid=$who" "--regid=$who" --init-groups)
  cd "$clone" &&
    exec env -i PATH="$PATH" HOME="$home" USER="$who" LOGNAME="$who" PORT="$port" "${network[@]}" "${drop[@]}" "$@"
}

now_ms() { date +%s%3N; }

free_port() {
  node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

is_ready() {
  node -e 'fetch(process.argv[1],{signal:AbortSignal.timeout(2000)}).then(r=>process.exit(r.status===200?0:1),()=>process.exit(1))' \
    "http://127.0.0.1:$port/readyz"
}

# Starts the server, waits until it is ready, and sets `took` to the milliseconds until then.
start() {
  local begin
  begin=$(now_ms)
  (run_as "$@") >"$clone/start.log" 2>&1 &
  server=$!
  until is_ready; do
    kill -0 "$server" 2>/dev/null || { server=; fail "the server ended before it was ready"; }
    [ $(($(now_ms) - begin)) -lt 600000 ] || fail "the server was not ready within ten minutes"
    sleep 0.02
  done
  took=$(($(now_ms) - begin))
}

stop() {
  local code=0 left
  # The signal goes to npm, which forwards it to the server.
  kill -TERM "$server"
  wait "$server" || code=$?
  server=
  [ "$code" = 0 ] || fail "exit code $code after SIGTERM"
  [ -d "$(cluster)" ] || fail "no embedded database in $(cluster)"
  left=$(processes_in "$(cluster)")
  [ -z "$left" ] || fail "PostgreSQL is still running: process $left"
}

try() {
  who=$1 home=$2
  clone="$home/sitebridge-fresh-$$"
  git clone -q --no-hardlinks "$source_dir" "$clone"
  [ "$who" = root ] || chown -R "$who:$who" "$clone"
  port=$(free_port)
  # With "exec" the signal from stop reaches npm, as on a terminal. Otherwise these are the documented
  # commands.
  start sh -c 'npm ci && exec npm start'
  echo "$who: npm ci && npm start to ready: $took ms"
  stop
  start npm start
  echo "$who: npm start to ready on the warm folder: $took ms"
  stop
  forget_clone
}

echo "Node $(node --version), npm $(npm --version), commit $(git -C "$source_dir" rev-parse --short HEAD)"
try root /root
user="sbfresh$$"
useradd --create-home --shell /bin/bash "$user"
chmod 700 "/home/$user"
try "$user" "/home/$user"
echo "A fresh clone starts, as root and as an ordinary user."
