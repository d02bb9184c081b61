# shellcheck shell=bash
# Outside, before the cage: run as `bash -p -c <this> start TERMINAL PROCESSES FILES KILOBYTES PROGRAM [ARG...]` with an empty environment.
# Descriptors: 0-2 the command's, 3 control (from the app), 4 reports (to the app). Everything else is closed here once more.
terminal=$1 processes=$2 files=$3 kilobytes=$4
shift 4
for fd in /dev/fd/*; do
  number=${fd##*/}
  case $number in
    [0-4] | *[!0-9]*) ;;
    *) eval "exec $number>&-" ;;
  esac
done
# A session leader without a terminal gets the first one that it opens: the PTY of ours becomes the controlling terminal.
if [ "$terminal" != - ]; then
  { : 5<>"$terminal"; } || exit 125
fi
# A limit that the system refuses must not be a limit that is missing.
if ! { ulimit -c 0 && ulimit -n "$files" && ulimit -f "$kilobytes" && ulimit -u "$processes"; }; then
  printf 'failed limits\n' >&4
  exit 125
fi
exec "$@"
printf 'failed start\n' >&4
exit 125
