# Tries every file under the given directories for writing, without writing anything: "writable PATH" for each that opened, then "walked FILES DIRECTORIES".
# Links are not followed: what they lead to is elsewhere, and is somebody else's case.
import os, stat, sys, threading, time
end = time.monotonic() + 25
threading.Thread(target=time.sleep, args=(26,), daemon=True).start()
files = folders = 0

def attempt(path, act):
    try:
        act()
        print("writable", path, flush=True)
    except OSError:
        pass

def opened(path, flags):
    os.close(os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY))

def made(path):
    opened(path + "/bulkhead-walk", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.unlink(path + "/bulkhead-walk")

def walk(path):
    global files, folders
    if time.monotonic() > end:
        print("out of time at", path)
        sys.exit(1)
    try:
        kind = os.lstat(path).st_mode
    except OSError:
        return
    if stat.S_ISLNK(kind):
        return
    if not stat.S_ISDIR(kind):
        files += 1
        for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND):
            attempt(path, lambda: opened(path, flags))
        if inside:
            attempt(path, lambda: os.chmod(path, stat.S_IMODE(kind) | 0o200))
            attempt(path, lambda: os.utime(path))
        return
    folders += 1
    if inside:
        attempt(path, lambda: made(path))
        attempt(path, lambda: os.mkdir(path + "/bulkhead-walk"))
    try:
        names = os.listdir(path)
    except OSError:
        return
    for name in names:
        walk(path + "/" + name)

inside = sys.argv[1] == "inside"
for root in sys.argv[2:]:
    if os.path.exists(root):
        walk(root)
print("walked", files, folders)
