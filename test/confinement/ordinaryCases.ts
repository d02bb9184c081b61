/** What people and their tools do all day, as scripts for the sandbox: each works when its last line is reached. */
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";

const python = (code: string): string => `python3 - <<'PYTHON'\n${code.trim()}\nPYTHON`;
const node = (code: string): string => `/opt/bulkhead/node --input-type=module - <<'NODE'\n${code.trim()}\nNODE`;

export interface Case { name: string; script: string; /** An editable folder of its own, the directory to work in. */ edit?: true; /** Our Node inside. */ agent?: true; pty?: true; spec?: Partial<SandboxSpec> }

export const cases: Case[] = [
  { name: "a web server on IPv4 loopback, and a download from it", script: `echo hello > index.html; python3 -m http.server --bind 127.0.0.1 8123 2>/dev/null & for i in $(seq 100); do curl -sf http://127.0.0.1:8123/index.html && break; sleep 0.1; done | grep hello; kill %1` },
  { name: "a web server on IPv6 loopback, found by name", script: `echo hello > index.html; python3 -m http.server --bind ::1 8124 2>/dev/null & for i in $(seq 100); do curl -sf 'http://[::1]:8124/index.html' && break; sleep 0.1; done | grep hello; curl -sf http://localhost:8124/ >/dev/null; kill %1` },
  { name: "getaddrinfo, gethostname and interfaces", script: python(`
import socket
assert {a[4][0] for a in socket.getaddrinfo("localhost", 80)} & {"127.0.0.1", "::1"}
assert socket.gethostname() and socket.gethostbyname("localhost") == "127.0.0.1"
assert "lo" in [name for _, name in socket.if_nameindex()]
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); u.sendto(b"x", u.getsockname()); assert u.recv(1) == b"x"`) },
  { name: "unix sockets: stream, datagram, abstract, descriptors passed", script: python(`
import socket, os, array
s = socket.socket(socket.AF_UNIX); s.bind("/tmp/s"); s.listen()
c = socket.socket(socket.AF_UNIX); c.connect("/tmp/s"); a, _ = s.accept()
r, w = os.pipe(); socket.send_fds(c, [b"x"], [r]); _, fds, _, _ = socket.recv_fds(a, 1, 1); os.write(w, b"hi"); assert os.read(fds[0], 2) == b"hi"
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind("/tmp/d"); socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"y", "/tmp/d"); assert d.recv(1) == b"y"
b = socket.socket(socket.AF_UNIX); b.bind("\\0abstract"); b.listen(); socket.socket(socket.AF_UNIX).connect("\\0abstract")`) },
  { name: "socket pairs, pipes, eventfd, epoll, select", script: python(`
import socket, os, select
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    a, b = socket.socketpair(socket.AF_UNIX, kind); a.send(b"x"); assert b.recv(1) == b"x"
e = os.eventfd(1); p = select.epoll(); p.register(e, select.EPOLLIN); assert p.poll(1); assert select.select([e], [], [], 1)[0]`) },
  { name: "mktemp, private /tmp and /var/tmp", script: `f=$(mktemp); d=$(mktemp -d); echo x > $f; mv $f $d/; touch /var/tmp/x; [ "$TMPDIR" = /tmp ]; [ $(stat -c %a /tmp) = 1777 ]` },
  { name: "a FIFO between two processes", script: `mkfifo /tmp/f; (echo through > /tmp/f) & read -r line < /tmp/f; [ "$line" = through ]` },
  { name: "a private home with caches and settings", script: `cd ~; [ "$HOME" = "$(pwd)" ]; mkdir -p .cache/x .config/y .local/share/z; echo 1 > .cache/x/1; echo alias > .bashrc; ls -la ~ >/dev/null; [ "$(whoami)" = agent ]; id >/dev/null; getent passwd agent >/dev/null` },
  { name: "sqlite with a write-ahead log in the private home", script: `cd ~; ${python(sqlite())}` },
  { name: "sqlite with a write-ahead log in an editable folder", edit: true, script: python(sqlite()) },
  { name: "git: init, add, commit, status, log, branch, merge, stash, tag", edit: true, script: `${gitHome()}; git init -q .; echo a > a; git add a; git commit -qm one; git checkout -qb side; echo b > b; git add .; git commit -qm two; git checkout -q -; git merge -q side; echo c >> a; [ "$(git status --short)" = " M a" ]; git stash -q; git stash pop -q; git diff --stat | grep -q a; git tag v1; [ $(git log --oneline | wc -l) = 2 ]; git gc -q; git fsck 2>/dev/null` },
  { name: "git: clone of a repository in the same folder, fetch and push", edit: true, script: `${gitHome()}; git init -q --bare origin.git; git clone -q origin.git work 2>/dev/null; cd work; echo a > a; git add a; git commit -qm one; git push -q origin HEAD; cd ..; git clone -q "file://$PWD/origin.git" second; [ -f second/a ]; git -C second worktree add -q ../tree -b t; [ -f tree/a ]` },
  { name: "git: status, commit and revert in a repository that the person has", edit: true, script: `${gitHome()}; cd repository; [ -z "$(git status --porcelain)" ]; echo more >> readme; git commit -qam more; git revert --no-edit HEAD >/dev/null; [ $(git log --oneline | wc -l) = 3 ]; git clone -q . ~/copy; [ -f ~/copy/readme ]` },
  { name: "python: a virtual environment and a program of it", script: `cd ~; python3 -m venv --without-pip v; v/bin/python -c 'import sys; assert sys.prefix.endswith("/v")'; . v/bin/activate; python -m this >/dev/null` },
  { name: "python: threads, processes, pools, shared memory, semaphores", script: `cat > /tmp/m.py <<'PYTHON'\n${multiprocessing()}\nPYTHON\npython3 /tmp/m.py` },
  { name: "python: asyncio subprocess and signals", script: python(`
import asyncio, signal, os
async def main():
    got = asyncio.Event(); asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
    p = await asyncio.create_subprocess_exec("echo", "hi", stdout=asyncio.subprocess.PIPE); out, _ = await p.communicate(); assert out == b"hi\\n"
    os.kill(os.getpid(), signal.SIGUSR1); await asyncio.wait_for(got.wait(), 5)
asyncio.run(main())`) },
  { name: "node: worker threads and shared memory between them", agent: true, script: node(`
import { Worker } from "node:worker_threads";
const shared = new Int32Array(new SharedArrayBuffer(4));
await Promise.all([1, 2, 3, 4].map(() => new Promise((done, fail) => new Worker("require('worker_threads').workerData[0]; Atomics.add(require('worker_threads').workerData, 0, 1)", { eval: true, execArgv: [], workerData: shared }).on("exit", done).on("error", fail))));
if (shared[0] !== 4) throw new Error(String(shared[0]));`) },
  { name: "node: child processes with pipes and an IPC channel, and a local server", agent: true, script: node(`
import { execFileSync, fork, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, get } from "node:http";
if (execFileSync("/bin/echo", ["x"]).toString() !== "x\\n" || spawnSync("cat", { input: "y" }).stdout.toString() !== "y") throw new Error("pipes");
writeFileSync("/tmp/child.cjs", "process.on('message', (m) => { process.send(m + 1); process.disconnect(); })");
const child = fork("/tmp/child.cjs"); child.send(1);
if (await new Promise((done) => child.on("message", done)) !== 2) throw new Error("channel");
const server = createServer((_, answer) => answer.end("z")).listen(0);
await new Promise((done) => get({ port: server.address().port, host: "localhost" }, (answer) => answer.on("data", (d) => done(String(d)))));
server.close();`) },
  { name: "node: WebAssembly, compression, cryptography, watching files", agent: true, script: node(`
import { watch, writeFileSync } from "node:fs";
import { randomBytes, scryptSync } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
const module = new WebAssembly.Module(new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11]));
if (new WebAssembly.Instance(module).exports.add(2, 3) !== 5) throw new Error("wasm");
const bytes = randomBytes(100000); if (!gunzipSync(gzipSync(bytes)).equals(bytes)) throw new Error("zlib"); scryptSync("a", "b", 32);
const seen = new Promise((done) => { const w = watch("/tmp", () => { w.close(); done(); }); }); setTimeout(() => writeFileSync("/tmp/seen", ""), 50); await seen;`) },
  { name: "a C program compiled, linked with threads and mathematics, run", script: `cd /tmp; printf '#include <pthread.h>\\n#include <math.h>\\n#include <stdio.h>\\nstatic void *f(void *x) { return x; }\\nint main(void) { pthread_t t; pthread_create(&t, 0, f, 0); pthread_join(t, 0); printf("%%.0f\\\\n", sqrt(16.0)); }' > a.c; cc -O1 -pthread a.c -o a -lm; [ "$(./a)" = 4 ]` },
  { name: "make with a job server", script: `cd /tmp; printf 'all: a b c\\na b c:\\n\\t@echo $@ > $@\\n' > Makefile; make -j3 -s; [ "$(cat a b c | xargs)" = "a b c" ]; make -q -s all` },
  { name: "extended attributes (user.*) in the home and on a staged file", edit: true, script: python(`
import os
for path in (os.path.expanduser("~/x"), "plain.txt", "new.txt"):
    open(path, "a").close(); 
    try: os.setxattr(path, "user.note", b"value")
    except OSError as e:
        assert path.endswith("/x") and e.errno == 95, (path, e); continue
    assert os.getxattr(path, "user.note") == b"value" and "user.note" in os.listxattr(path); os.removexattr(path, "user.note")`) },
  { name: "locks: flock, fcntl, open file description, O_EXCL", edit: true, script: `exec 8> lock; flock -n 8; ! flock -n lock true; ${python(`
import fcntl, os, struct
f = open("plain.txt", "r+"); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
pid = os.fork()
if pid == 0:
    try: fcntl.lockf(open("plain.txt", "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB); os._exit(1)
    except OSError: os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
os.close(os.open("once", os.O_CREAT | os.O_EXCL))
try: os.open("once", os.O_CREAT | os.O_EXCL); raise SystemExit(1)
except FileExistsError: pass`)}` },
  { name: "renames, hard links, symbolic links, exchange of names", edit: true, script: `mv plain.txt moved.txt; ln moved.txt hard; ln -s moved.txt soft; [ "$(cat soft)" = granted ]; [ $(stat -c %h hard) = 2 ]; mkdir d; mv moved.txt d/; mv d e; [ -f e/moved.txt ]; mv deep other; [ -f other/er/plain.txt ]; rm -r other; cp -al e f; readlink -f e >/dev/null` },
  { name: "modes, times, truncation, allocation, sparse files, copying by reflink's fallback", edit: true, script: `chmod 600 plain.txt; [ $(stat -c %a plain.txt) = 600 ]; touch -d 2020-01-02 plain.txt; [ "$(date -r plain.txt +%F)" = 2020-01-02 ]; truncate -s 3 plain.txt; [ "$(cat plain.txt)" = gra ]; fallocate -l 100000 big; truncate -s 1G sparse; [ $(du -k sparse | cut -f1) -lt 100 ]; cp -p --reflink=auto plain.txt copy; install -m 755 copy run; umask 077; touch secret; [ $(stat -c %a secret) = 600 ]; sync -f copy` },
  { name: "shared and private mappings of a file", edit: true, script: python(`
import mmap, os
with open("map", "w+b") as f:
    f.truncate(8192); m = mmap.mmap(f.fileno(), 8192); m[0:3] = b"abc"; m.flush(); assert open("map", "rb").read(3) == b"abc"
    pid = os.fork()
    if pid == 0: m[4096:4097] = b"z"; os._exit(0)
    os.waitpid(pid, 0); assert m[4096:4097] == b"z"
assert mmap.mmap(os.open("plain.txt", os.O_RDONLY), 0, prot=mmap.PROT_READ)[:7] == b"granted"`) },
  { name: "10,000 small files made, counted, searched and removed", edit: true, script: `mkdir many; ${python(`
for i in range(10000): open(f"many/{i}", "w").write(str(i))`)}\n[ $(ls many | wc -l) = 10000 ]; [ "$(grep -rlx 7777 many)" = many/7777 ]; find many -name '*9' -delete; [ $(find many -type f | wc -l) = 9000 ]; rm -r many; [ ! -e many ]` },
  { name: "tar, gzip, xz and zip there and back", edit: true, script: `tar czf /tmp/a.tgz . ; tar cJf /tmp/a.txz deep; mkdir /tmp/x; tar xzf /tmp/a.tgz -C /tmp/x; cmp plain.txt /tmp/x/plain.txt; zip -qr a.zip deep plain.txt; unzip -q a.zip -d out; cmp plain.txt out/plain.txt; ${python(`
import zipfile, tarfile, shutil
shutil.make_archive("/tmp/b", "zip", "."); assert zipfile.ZipFile("/tmp/b.zip").testzip() is None; tarfile.open("/tmp/a.txz").getnames()`)}` },
  { name: "find, xargs, sort, sed, awk, diff and patch", edit: true, script: `find . -type f -print0 | xargs -0 -P4 -n1 wc -c | sort -n | awk '{s+=$1} END {exit !(s>0)}'; cp plain.txt new.txt; sed -i s/granted/changed/ new.txt; diff -u plain.txt new.txt > p || true; cp plain.txt target; patch -s target p; cmp target new.txt; seq 1000 | sort -R | sort -n | tail -1 | grep -qx 1000` },
  { name: "processes are listed: ps, top, pgrep, /proc/self", script: `ps aux | grep -q bash; top -bn1 | grep -q top; sleep 30 & pgrep sleep >/dev/null; kill $!; grep -q Name /proc/self/status; cat /proc/meminfo /proc/cpuinfo /proc/loadavg /proc/uptime /proc/version /proc/sys/kernel/osrelease >/dev/null; nproc >/dev/null; uname -a >/dev/null; free >/dev/null; df -h . >/dev/null; [ "$(readlink /proc/self/exe)" != "" ]` },
  { name: "signals and traps, kill and wait", script: `trap 'echo caught > /tmp/t' USR1; kill -USR1 $$; [ "$(cat /tmp/t)" = caught ]; sleep 60 & kill $!; wait $! || [ $? = 143 ]; (trap '' TERM; kill -TERM $BASHPID; echo ignored) | grep -q ignored; bash -c 'kill -9 $$' || [ $? = 137 ]` },
  { name: "timeouts, priorities, affinity, limits", script: `timeout 0.3 sleep 60 || [ $? = 124 ]; nice -n 5 true; taskset -p $$ >/dev/null; ulimit -n >/dev/null; (ulimit -n 64; true); ionice -c 3 true 2>/dev/null || true; chrt -p $$ >/dev/null; time -p true; python3 -c 'import os; os.nice(1)' ` },
  { name: "background jobs, sessions and daemons of its own", script: `(sleep 0.2; echo done > /tmp/late) & disown; setsid sh -c 'echo own > /tmp/own'; nohup sh -c 'echo up > /tmp/up' >/dev/null 2>&1 & wait; for i in $(seq 50); do [ -f /tmp/late ] && break; sleep 0.1; done; cat /tmp/late /tmp/own /tmp/up | wc -l | grep -qx 3` },
  { name: "128 KB of arguments and a large environment", script: `a=$(head -c 131000 /dev/zero | tr '\\0' x); /bin/true "$a"; /bin/true $(seq 20000); for i in $(seq 500); do export "V$i=$(printf %0200d $i)"; done; [ $(env | grep -c ^V) = 500 ]` },
  { name: "5 MB of output through pipes", script: `head -c 5000000 /dev/zero | tr '\\0' a | tee /tmp/o | wc -c | grep -qx 5000000; [ "$(cat /tmp/o | md5sum)" = "$(md5sum < /tmp/o)" ]` },
  { name: "time zones, locales, dates and encodings", script: `[ "$(TZ=America/New_York date -d @0 +%H)" = 19 ]; [ "$(TZ=Asia/Shanghai date -d @0 +%H)" = 08 ]; [ "$LANG" = C.UTF-8 ]; [ "$(printf é | wc -m)" = 1 ]; printf 'caf\\351' | iconv -f latin1 -t utf8 | grep -q café; touch "/tmp/文件 ü"; ls /tmp | grep -q 文件; ${python(`
import datetime, zoneinfo, locale
assert datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).utcoffset().seconds == 7200; locale.setlocale(locale.LC_ALL, "")`)}` },
  { name: "random numbers, clocks, timers, the null, zero and full devices", script: `head -c 16 /dev/urandom | wc -c | grep -qx 16; head -c 16 /dev/random >/dev/null; echo x > /dev/null; ! echo x > /dev/full 2>/dev/null; echo x | cat /dev/stdin | grep -q x; cat <(echo sub) | grep -q sub; ${python(`
import time, os, signal
time.clock_gettime(time.CLOCK_BOOTTIME); os.getrandom(8); os.memfd_create("x"); os.sched_yield(); os.getloadavg(); os.cpu_count()
signal.signal(signal.SIGALRM, lambda *_: None); signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause(); os.pidfd_open(os.getpid())`)}` },
  { name: "text tools of an office: CSV, JSON, XML, spreadsheets by hand, encodings of mail", script: python(`
import csv, json, xml.etree.ElementTree as e, email.message, base64, decimal, statistics, html, io, ssl, hashlib, lzma, bz2
rows = list(csv.reader(io.StringIO("a,b\\n1,2\\n"))); json.loads(json.dumps(rows)); e.fromstring("<a><b/></a>")
m = email.message.EmailMessage(); m.set_content("x"); m.add_attachment(b"1", maintype="a", subtype="b"); bytes(m)
ssl.create_default_context(); hashlib.sha256(b"").hexdigest(); lzma.decompress(lzma.compress(b"x")); bz2.compress(b"x"); statistics.mean([1, 2])`) },
  { name: "perl, awk and the shell's own arithmetic", script: `perl -e 'use POSIX; fork or exit 3; wait; exit(($? >> 8) != 3)'; perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die'; [ $((6 * 7)) = 42 ]; echo 'x=1;x' | cat >/dev/null; [ "$(echo '{ print NR }' > /tmp/a.awk; seq 3 | awk -f /tmp/a.awk | tail -1)" = 3 ]` },
  { name: "a program from the private home and from /tmp runs, by path, by PATH and by #!", script: `mkdir -p ~/bin; printf '#!/bin/sh\\necho mine "$@"\\n' > ~/bin/mine; chmod +x ~/bin/mine; [ "$(PATH=~/bin:$PATH mine 1)" = "mine 1" ]; cp /bin/true /tmp/t; /tmp/t; printf '#!/usr/bin/env python3\\nprint(1)\\n' > /tmp/p; chmod +x /tmp/p; [ "$(/tmp/p)" = 1 ]` },
  { name: "a debugger's and profiler's absence is no failure: address randomisation, core limits, locale of gdb-less tools", script: `ulimit -c; cat /proc/self/maps >/dev/null; ldd /bin/true >/dev/null; getconf PAGESIZE >/dev/null; lscpu >/dev/null 2>&1 || true; stat -f /tmp >/dev/null; mountpoint -q /tmp; findmnt -n /tmp >/dev/null; test -r /etc/os-release; test -r /etc/passwd; file=/etc/hosts; grep -q localhost $file` },
  { name: "on a terminal: size, /dev/tty, colours, line editing, five megabytes", pty: true, script: `[ -t 0 ] && [ -t 1 ] && [ -t 2 ]; [ "$(stty size)" = "24 80" ]; echo x > /dev/tty; tput setaf 1 >/dev/null; ls --color=auto / >/dev/null; stty -echo; stty echo; head -c 5000000 /dev/zero | tr '\\0' a | fold -w 79; echo` },
  { name: "on a terminal: job control with bg, fg and jobs", pty: true, script: `set -m; sleep 5 & jobs | grep -q Running; kill -STOP %1; for i in $(seq 100); do jobs | grep -q Stopped && break; sleep 0.05; done; jobs | grep -q Stopped; bg %1 >/dev/null; fg %1 >/dev/null; sleep 60 & kill -INT %2 2>/dev/null || kill -INT $!; wait $! || [ $? = 130 ]` },
  { name: "terminals of its own: a shell driven over a PTY with Ctrl-Z, fg and Ctrl-C", script: python(typing("['bash', '--norc', '-i']")) },
];

export function gitHome(): string {
  return "git config --global user.email a@example.org; git config --global user.name A; git config --global init.defaultBranch main; git config --global advice.detachedHead false";
}

function sqlite(): string {
  return `
import sqlite3, os
a = sqlite3.connect("base.db", timeout=5); assert a.execute("pragma journal_mode=wal").fetchone()[0] == "wal"
a.execute("create table t(x)"); a.executemany("insert into t values(?)", [(i,) for i in range(1000)]); a.commit()
pid = os.fork()
if pid == 0:
    b = sqlite3.connect("base.db", timeout=5); b.execute("insert into t values(1)"); b.commit(); os._exit(0 if b.execute("select count(*) from t").fetchone()[0] == 1001 else 1)
assert os.waitpid(pid, 0)[1] == 0
assert a.execute("select count(*) from t").fetchone()[0] == 1001; a.execute("pragma wal_checkpoint(truncate)"); a.execute("vacuum"); a.close()`;
}

function multiprocessing(): string {
  return `
import multiprocessing as m, threading, concurrent.futures as f
from multiprocessing import shared_memory
def square(x): return x * x
def add(lock, value):
    with lock: value.value += 1
if __name__ == "__main__":
    with m.Pool(2) as pool: assert pool.map(square, [1, 2, 3]) == [1, 4, 9]
    with f.ProcessPoolExecutor(2) as pool: assert list(pool.map(square, [2])) == [4]
    s = shared_memory.SharedMemory(create=True, size=100); s.buf[0] = 7; s.close(); s.unlink()
    lock, value = m.Lock(), m.Value("i", 0); ps = [m.Process(target=add, args=(lock, value)) for _ in range(4)]
    [p.start() for p in ps]; [p.join() for p in ps]; assert value.value == 4
    c = m.get_context("spawn"); q = c.Queue(); p = c.Process(target=q.put, args=(1,)); p.start(); assert q.get(timeout=20) == 1; p.join()
    ts = [threading.Thread(target=square, args=(1,)) for _ in range(50)]; [t.start() for t in ts]; [t.join() for t in ts]`;
}

/** Types at a shell as a person does: a job is stopped with Ctrl-Z, continued in both ways, and ended with Ctrl-C. */
export function typing(argv: string): string {
  return `
import os, pty, select, sys, time
argv = ${argv}
pid, fd = pty.fork()
if pid == 0: os.execvp(argv[0], argv)
seen = b""
def until(text, seconds=30):
    global seen
    end = time.time() + seconds
    while text not in seen:
        if time.time() > end: sys.exit("waited for %r, saw %r" % (text, seen))
        if select.select([fd], [], [], 0.2)[0]:
            try: seen += os.read(fd, 65536)
            except OSError: sys.exit("ended, saw %r" % seen)
    seen = seen.split(text, 1)[1]
def say(text): os.write(fd, text)
say(b"PS1='re''ady> '; echo here\\n"); until(b"ready> ")
say(b"sleep 77\\n"); time.sleep(0.7); say(b"\\x1a"); until(b"Stopped"); until(b"ready> ")
say(b"bg\\n"); until(b"sleep 77 &"); until(b"ready> "); say(b"jobs\\n"); until(b"Running"); until(b"ready> ")
say(b"fg\\n"); until(b"sleep 77"); time.sleep(0.4); say(b"\\x03"); until(b"ready> ")
say(b"echo code $?\\n"); until(b"code 130"); until(b"ready> ")
say(b"stty size; echo $((40+2))\\n"); until(b"42"); until(b"ready> ")
say(b"exit 7\\n")
try:
    while os.read(fd, 65536): pass
except OSError: pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
assert status == 7, status
print("typed")`;
}
