# shellcheck shell=bash
# Inside, first of all: run as `bash -p -c <this> warden APP CANARY DIRECTORY COMMAND [ARG...]`. It proves that the cage is closed, takes the
# environment from descriptor 3 (not from arguments, which every user of the machine can read), leaves a warden behind, becomes the command.
app=$1 canary=$2 directory=$3
shift 3
refuse() {
  printf 'failed %s\n' "$1" >&4
  exit 125
}
# Each of the three works for the app itself; one that works here means that nothing confines us. Nothing was started yet.
{ kill -0 "$app"; } 2>/dev/null && refuse 'unconfined signal'
got=
{ IFS= read -r got <"$canary"; } 2>/dev/null && refuse 'unconfined read'
[ -z "$got" ] || refuse 'unconfined read'
{ : >>"$canary"; } 2>/dev/null && refuse 'unconfined write'
variables=()
while IFS= read -r -d '' -u 3 pair; do
  [ "$pair" = end ] && break
  variables+=("$pair")
done
[ "$pair" = end ] || refuse environment
cd "$directory" 2>/dev/null || refuse directory
# The warden waits until the app says stop or is gone, then ends everything in the same cage: the profile lets a signal reach nothing else.
# Its parent ends at once, so the command has no child that it did not start.
(
  (
    trap '' HUP INT QUIT TERM TSTP TTIN TTOU USR1 USR2
    exec </dev/null >/dev/null 2>&1
    while IFS= read -r -u 3 line; do
      [ "$line" = stop ] && break
    done
    tries=0
    while kill -9 -1 && [ $tries -lt 100 ]; do tries=$((tries + 1)); done
    printf 'swept\n' >&4
  ) &
)
unset app canary directory line tries pair got
for name in $(compgen -e); do unset "$name"; done
for pair in "${variables[@]}"; do
  export "${pair?}" || refuse environment
done
unset variables pair name
export -n SHLVL OLDPWD
printf 'started\n' >&4
exec "$@" 3<&- 4>&-
