#!/bin/sh
# What only a Mac can show, tried on a Mac: `sh build/macCheck.sh` in the checkout, after `npm ci` and `npm run set-up`, with a Node 24 on the PATH.
# Prints PASS or FAIL per line and ends with 1 if any failed. Each refusal has a control outside that must succeed: where the control fails, the line fails.
# It writes below a temporary folder of its own, and one test entry into the login keychain, which it removes.
# The scripts in single quotes are for the shell inside; cleanup runs by a trap.
# shellcheck disable=SC2016,SC2317,SC2009
set -u

[ "$(uname -s)" = Darwin ] || { echo "FAIL this is no Mac: nothing was tried"; exit 1; }
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
work=$(mktemp -d "$HOME/bulkhead-check.XXXXXX") || exit 1
work=$(cd "$work" && pwd -P) || exit 1
failed=0
listener=
server=
cleanup() {
  [ -z "$listener" ] || kill "$listener" 2>/dev/null
  [ -z "$server" ] || kill "$server" 2>/dev/null
  security delete-generic-password -s bulkhead-check >/dev/null 2>&1
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1"; failed=1; }

# inside SCRIPT [OPTION...]: runs SCRIPT in the real box; what never printed STARTED was not stopped, it was not tried.
inside() {
  script=$1
  shift
  node "$root/build/bulkhead.mjs" sandbox "$@" -- /bin/bash -c "echo STARTED; exec 2>/dev/null; $script" 2>"$work/errors"
}

# works NAME EXPECTED SCRIPT [OPTION...]: must print exactly EXPECTED.
works() {
  name=$1 expected=$2
  shift 2
  said=$(inside "$@")
  if [ "$said" = "STARTED
$expected" ]; then pass "$name"; else fail "$name: $said $(head -c 300 "$work/errors")"; fi
}

# refused NAME CONTROL SCRIPT [OPTION...]: CONTROL must succeed outside; SCRIPT must print nothing inside.
refused() {
  name=$1 control=$2
  shift 2
  if ! (cd / && /bin/bash -c "$control") >/dev/null 2>&1; then
    fail "$name: its control outside does not work"
    return
  fi
  said=$(inside "$@")
  if [ "$said" = STARTED ]; then pass "$name"; else fail "$name: $said $(head -c 300 "$work/errors")"; fi
}

mkdir "$work/granted" "$work/beside" || exit 1
echo granted >"$work/granted/plain.txt"
echo canary >"$work/beside/secret.txt"
ln -s "$work/beside/secret.txt" "$work/granted/link"

echo "# the profile is taken, and ordinary work goes"
works "a confined command runs" hello 'echo hello'
inside 'exit 7' >/dev/null
code=$?
if [ $code -eq 7 ]; then pass "exit code 7 comes back"; else fail "exit code 7 comes back: $code"; fi
works "a granted folder is read" granted 'cat plain.txt' --folder "$work/granted:read"
works "a home and a temporary folder of its own" "own own" 'echo own >"$HOME/a"; echo own >"$TMPDIR/b"; echo $(cat "$HOME/a" "$TMPDIR/b")'
works "pipes, children, mktemp, FIFOs" "3 x" 'f=$(mktemp) && mkfifo "$f.p" && (echo x >"$f.p" &) && echo "$(printf "a\nb\nc\n" | wc -l | tr -d " ") $(cat "$f.p")"'
works "git in its own home" 1 'cd "$HOME" && git init -q r && cd r && git -c user.email=a@b -c user.name=a commit -q --allow-empty -m x && git log --oneline | wc -l | tr -d " "'
works "node runs" 42 "\"$(node -p 'process.execPath')\" -p 6*7"
works "user names" yes 'id -un >/dev/null && echo yes'

echo "# files"
refused "what lies beside a granted folder" "cat '$work/beside/secret.txt'" "cat '$work/beside/secret.txt'" --folder "$work/granted:read"
refused "a link that leads out of it" "cat '$work/granted/link'" 'cat link' --folder "$work/granted:read"
refused "writing in a folder granted for reading" "touch '$work/granted/control'" "echo x >'$work/granted/plain.txt' && echo wrote; touch '$work/granted/new' && echo made; mv '$work/granted/plain.txt' '$work/granted/p' && echo moved; rm '$work/granted/plain.txt' && echo removed" --folder "$work/granted:read"
if [ "$(cat "$work/granted/plain.txt")" = granted ]; then pass "the host's file is as it was"; else fail "the host's file is as it was"; fi
refused "moving the folder above a grant" "mv '$work/beside' '$work/b2' && mv '$work/b2' '$work/beside'" "mv '$work' '$work.x' && echo moved; mv '$work/beside' '$work/granted/b' && echo moved" --folder "$work/granted:read"
refused "hard links" "ln '$work/beside/secret.txt' '$work/beside/hard'" "ln '$work/beside/secret.txt' \"\$HOME/h\" && cat \"\$HOME/h\"" --folder "$work/granted:read"
refused "listing the home, other users, disks, applications" 'ls "$0" /Users /Volumes /Applications'" $HOME" "ls '$HOME'; ls /Users; ls /Volumes; ls /Applications; ls /private/tmp; ls /private/var/folders"
refused "key stores" "ls '$HOME/Library/Keychains'" "ls '$HOME/Library/Keychains'; cat '$HOME/.ssh/id_rsa' '$HOME/.ssh/id_ed25519'; ls /Library/Keychains"
refused "autostart" "test -d '$HOME/Library'" "touch '$HOME/Library/LaunchAgents/org.bulkhead.check.plist' && echo planted"
refused "set-uid bits" "touch '$work/s' && chmod u+s '$work/s'" 'cp /bin/echo "$HOME/e"; chmod u+s "$HOME/e" && test -u "$HOME/e" && echo set'

echo "# services"
if security add-generic-password -s bulkhead-check -a check -w canary >/dev/null 2>&1; then
  refused "the keychain" 'security find-generic-password -s bulkhead-check -w' 'security find-generic-password -s bulkhead-check -w; security list-keychains | grep -i login'
else
  fail "the keychain: no test entry could be made (unlock the login keychain: security unlock-keychain)"
fi
refused "Apple events" "osascript -e 'return 1'" "osascript -e 'tell application \"Finder\" to get name of startup disk'"
refused "LaunchServices" "test -x /usr/bin/open" 'open -a Calculator && echo opened'
refused "the clipboard" "echo canary | pbcopy && pbpaste | grep -q canary" 'pbpaste'
refused "launchd" "launchctl print gui/$(id -u)" "launchctl submit -l org.bulkhead.check -- /usr/bin/true && echo submitted; launchctl print gui/$(id -u) | head -1"
refused "preferences" "defaults read -g" 'defaults read -g | head -1'
refused "the log of the machine" "log show --last 1s" 'log show --last 1s | head -1'
refused "other programs' arguments" "ps -axo args | grep -q ." 'ps -axo args | grep -v grep | grep -i "finder\|launchd"'
refused "signals to other programs" "kill -0 $$" "kill -0 $$ && echo signalled; kill -0 \$PPID && echo signalled"
refused "a second cage that is wider" "sandbox-exec -p '(version 1)(allow default)' /bin/echo x" "sandbox-exec -p '(version 1)(allow default)' /bin/cat '$work/beside/secret.txt'"

echo "# network"
node -e 'require("net").createServer((c)=>c.end("reached\n")).listen(0,"127.0.0.1",function(){console.log(this.address().port)})' >"$work/port" &
listener=$!
node -e 'require("net").createServer((c)=>c.end("reached\n")).listen(process.argv[1])' "$work/beside/s" &
server=$!
sleep 1
port=$(cat "$work/port")
refused "a port of this machine, by every name" "exec 5<>/dev/tcp/127.0.0.1/$port && grep -q reached <&5" "for h in 127.0.0.1 localhost ::1 ::ffff:127.0.0.1 0.0.0.0; do (exec 5<>/dev/tcp/\$h/$port && cat <&5); done"
refused "a unix socket of this machine" "nc -U '$work/beside/s' </dev/null | grep -q reached" "nc -U '$work/beside/s' </dev/null" --folder "$work/beside:read"
refused "names" "dscacheutil -q host -a name localhost" 'dscacheutil -q host -a name example.com; nslookup -timeout=2 example.com 1.1.1.1 | grep Address | grep -v 1.1.1.1'
refused "listening" "true" 'nc -l 127.0.0.1 47811 & p=$!; sleep 1; kill -0 $p && echo listening; kill $p'
works "the proxy answers a request that no rule allows with a refusal" 403 'curl -s -o /dev/null -w "%{http_code}" http://example.com/'
refused "the proxy without its token" "true" 'curl -s -o /dev/null -w "%{http_code}" --proxy "http://127.0.0.1:${http_proxy##*:}" http://example.com/ | grep -v 407'

echo "# descriptors, terminals, the end"
works "no descriptor but three" "0 1 2" 'echo $(for f in /dev/fd/*; do n=${f##*/}; [ "$n" -le 9 ] && eval "true <&$n" && echo $n; done)'
if command -v script >/dev/null; then
  said=$(script -q /dev/null node "$root/build/bulkhead.mjs" sandbox -- /bin/bash -c 'test -t 0 && exec 3<>/dev/tty && stty size && echo terminal' </dev/null 2>&1)
  case $said in *terminal*) pass "a terminal of its own" ;; *) fail "a terminal of its own: $said" ;; esac
fi
mark=48$$
node "$root/build/bulkhead.mjs" sandbox -- /bin/bash -c "(perl -e 'use POSIX; fork && exit; setsid; fork && exit; exec \"sleep\", \"$mark\"'); sleep $mark" >/dev/null 2>&1 &
box=$!
sleep 3
alive() { ps -axo args | grep -q "^sleep $mark"; }
if alive; then
  kill -TERM $box
  sleep 2
  if alive; then fail "a double fork in its own session is ended by stop"; pkill -f "^sleep $mark"; else pass "a double fork in its own session is ended by stop"; fi
else
  fail "a double fork in its own session is ended by stop: it was not running"
fi
node "$root/build/bulkhead.mjs" sandbox -- /bin/bash -c "(perl -e 'use POSIX; setsid; fork && exit; exec \"sleep\", \"$mark\"' &); sleep $mark" >/dev/null 2>&1 &
box=$!
sleep 3
if alive; then
  kill -KILL $box
  sleep 2
  if alive; then fail "killing the app ends what it confined"; pkill -f "^sleep $mark"; else pass "killing the app ends what it confined"; fi
else
  fail "killing the app ends what it confined: nothing was running"
fi

if [ $failed -eq 0 ]; then echo "all passed"; else echo "something failed: see the lines above"; fi
exit $failed
