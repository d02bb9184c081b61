# Raw system calls from inside, one line each: NAME ERRNO (0 = it worked). Run with the same result format outside as the control.
import ctypes, errno, fcntl, os, signal, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
x64 = os.uname().machine == "x86_64"

def call(name, number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    print(name, 0 if result >= 0 else ctypes.get_errno(), flush=True)

def forked(name, act):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except OSError as error:
            print(name, error.errno, flush=True)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        print(name, "killed", flush=True)

def family(name, number, kind=socket.SOCK_RAW, protocol=0):
    try:
        socket.socket(number, kind, protocol).close()
        print("family", name, 0)
    except OSError as error:
        print("family", name, error.errno)

buffer = ctypes.create_string_buffer(4096)
numbers = dict(unshare=(272, 97), setns=(308, 268), mount=(165, 40), pivot_root=(155, 41), chroot=(161, 51), open_tree=(428, 428), move_mount=(429, 429), fsopen=(430, 430), mount_setattr=(442, 442),
  ptrace=(101, 117), process_vm_readv=(310, 270), process_vm_writev=(311, 271), pidfd_getfd=(438, 438), kcmp=(312, 272), io_uring_setup=(425, 425), bpf=(321, 280), perf_event_open=(298, 241), userfaultfd=(323, 282),
  add_key=(248, 217), request_key=(249, 218), keyctl=(250, 219), open_by_handle_at=(304, 265), kexec_load=(246, 104), init_module=(175, 105), finit_module=(313, 273), syslog=(103, 116), reboot=(169, 142), swapon=(167, 224), settimeofday=(164, 170), sethostname=(170, 161))
n = lambda name: numbers[name][0 if x64 else 1]
# Harmless where they are allowed: namespaces in a child; everything else with arguments that change nothing.
for flag, bits in dict(user=0x10000000, net=0x50000000, pid=0x30000000, mount=0x10020000, ipc=0x18000000, uts=0x14000000, cgroup=0x12000000, time=0x10000080).items():
    forked("unshare-" + flag, lambda: call("unshare-" + flag, n("unshare"), bits))
forked("clone-user", lambda: call("clone-user", 56 if x64 else 220, 0x10000000 | int(signal.SIGCHLD), 0, 0, 0, 0))
call("clone3", 435, buffer, 88)
call("setns", n("setns"), os.open("/proc/self/ns/net", os.O_RDONLY), 0)
for name in ("mount", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "mount_setattr", "kexec_load", "init_module", "swapon", "reboot", "settimeofday", "sethostname"):
    if len(sys.argv) > 1: break
    call(name, n(name), 0, 0, 0, 0, 0)
forked("ptrace-traceme", lambda: call("ptrace-traceme", n("ptrace"), 0, 0, 0, 0))
call("ptrace-init", n("ptrace"), 16, 1, 0, 0)
local = struct.pack("QQ", ctypes.addressof(buffer), 8)
call("process_vm_readv", n("process_vm_readv"), os.getpid(), local, 1, local, 1, 0)
call("process_vm_writev", n("process_vm_writev"), 1, local, 1, local, 1, 0)
call("kcmp", n("kcmp"), os.getpid(), os.getpid(), 0, 0, 0)
call("pidfd_getfd", n("pidfd_getfd"), os.pidfd_open(os.getpid()), 0, 0)
call("io_uring_setup", n("io_uring_setup"), 1, buffer)
call("bpf", n("bpf"), 0, buffer, 0)
call("perf_event_open", n("perf_event_open"), buffer, 0, -1, -1, 0)
call("userfaultfd", n("userfaultfd"), 1)
call("add_key", n("add_key"), b"user", b"bulkhead-test", b"x", 1, -1)
call("request_key", n("request_key"), b"user", b"bulkhead-none", 0, 0)
call("keyctl", n("keyctl"), 0, -3, 0)
call("open_by_handle_at", n("open_by_handle_at"), -100, buffer, 0)
call("syslog", n("syslog"), 3, buffer, 10)
call("fanotify_init", 300 if x64 else 262, 0, 0)
call("get_mempolicy", 239 if x64 else 236, 0, 0, 0, 0, 0)
call("adjtimex", 159 if x64 else 171, buffer)
for name, number in dict(process_mrelease=448, memfd_secret=447, cachestat=451, statmount=457, listmount=458, lsm_get_self_attr=459, lsm_list_modules=461, file_getattr=468, listns=470, later=471, later2=600).items():
    call(name, number, 0, 0, 0, 0, 0)
for path, mode in (("/proc/1/mem", os.O_RDWR), ("/proc/1/environ", os.O_RDONLY), ("/proc/1/maps", os.O_RDONLY)):
    try:
        os.open(path, mode)
        print("open", path, 0)
    except OSError as error:
        print("open", path, error.errno)
# A filter of its own that listens to its own traps: harmless in a child.
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
program = Program(1, ctypes.addressof(allow))
def listener():
    libc.prctl(38, 1, 0, 0, 0)
    call("seccomp-listener", 317 if x64 else 277, 1, 8, ctypes.byref(program))
forked("seccomp-listener", listener)
if x64:
    forked("x32-getpid", lambda: call("x32-getpid", 0x40000000 | 39))
    def old():
        import mmap
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))  # mov eax, getpid; int 0x80; ret
        got = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
        print("int80-getpid", 0 if got > 0 else -got, flush=True)
    forked("int80-getpid", old)
for name, number in dict(packet=17, vsock=40, alg=38, xdp=44, bluetooth=31, can=29, tipc=30, rds=21, netrom=6, x25=9, ax25=3, key=15, llc=26, kcm=41, smc=43, qipcrtr=42, nfc=39).items():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        family(name, number, kind)
# Of INET only TCP, UDP and ICMP: the rest loads kernel modules.
for name, number in dict(sctp=132, dccp=33, udplite=136, mptcp=262, raw=255).items():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
        family("inet-" + name, 2, kind, number)
        family("inet6-" + name, 10, kind, number)
for protocol in range(1, 23):
    family("netlink-%d" % protocol, 16, socket.SOCK_RAW, protocol)
family("ok-unix", socket.AF_UNIX, socket.SOCK_STREAM)
family("ok-inet", socket.AF_INET, socket.SOCK_STREAM)
family("ok-inet6", socket.AF_INET6, socket.SOCK_STREAM)
a, b = socket.socketpair(); a.send(b"x"); print("ok-pair", 0 if b.recv(1) == b"x" else 1)
