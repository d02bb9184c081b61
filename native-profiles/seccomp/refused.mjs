/**
 * What the kernel refuses inside every sandbox, with the reason on each line: name, number on x86-64, number on arm64 (undefined: not there).
 * EPERM for all; ENOSYS where a program must fall back to an older call. Checked by build/seccomp.mjs; tested inside the real sandbox.
 */
export const refusedCalls = [
  // New namespaces: a nested user namespace undoes read-only binds and opens the kernel's network code.
  ["unshare", 272, 97], ["setns", 308, 268],
  // Mounts, old and new interface: the view of files is made outside, before the start.
  ["mount", 165, 40], ["umount2", 166, 39], ["pivot_root", 155, 41], ["chroot", 161, 51], ["open_tree", 428, 428], ["move_mount", 429, 429],
  ["fsopen", 430, 430], ["fsconfig", 431, 431], ["fsmount", 432, 432], ["fspick", 433, 433], ["mount_setattr", 442, 442],
  ["open_tree_attr", 467, 467], ["statmount", 457, 457], ["listmount", 458, 458],
  // Other processes' memory and descriptors: process 1 holds the socket that leads outside.
  ["ptrace", 101, 117], ["process_vm_readv", 310, 270], ["process_vm_writev", 311, 271], ["process_madvise", 440, 440], ["pidfd_getfd", 438, 438], ["kcmp", 312, 272],
  // io_uring runs calls that no filter sees.
  ["io_uring_setup", 425, 425], ["io_uring_enter", 426, 426], ["io_uring_register", 427, 427],
  // Programs and probes inside the kernel.
  ["bpf", 321, 280], ["perf_event_open", 298, 241], ["userfaultfd", 323, 282], ["lookup_dcookie", 212, 18], ["quotactl", 179, 60], ["quotactl_fd", 443, 443],
  // The kernel's key rings are not namespaced: keys of the person's session.
  ["add_key", 248, 217], ["request_key", 249, 218], ["keyctl", 250, 219],
  // Opening a file by its handle goes round every directory on the way.
  ["name_to_handle_at", 303, 264], ["open_by_handle_at", 304, 265],
  // Another kernel, kernel modules, power, swap, accounting, the log.
  ["kexec_load", 246, 104], ["kexec_file_load", 320, 294], ["init_module", 175, 105], ["finit_module", 313, 273], ["delete_module", 176, 106],
  ["create_module", 174, undefined], ["get_kernel_syms", 177, undefined], ["query_module", 178, undefined],
  ["reboot", 169, 142], ["swapon", 167, 224], ["swapoff", 168, 225], ["acct", 163, 89], ["syslog", 103, 116], ["nfsservctl", 180, 42],
  // Clocks, host name, ports, 16-bit segments: nothing a document tool needs.
  ["settimeofday", 164, 170], ["clock_settime", 227, 112], ["clock_adjtime", 305, 266], ["adjtimex", 159, 171], ["sethostname", 170, 161], ["setdomainname", 171, 162],
  ["iopl", 172, undefined], ["ioperm", 173, undefined], ["modify_ldt", 154, undefined], ["uselib", 134, undefined], ["_sysctl", 156, undefined], ["ustat", 136, undefined], ["vhangup", 153, 58],
  // Memory of other nodes and processes.
  ["move_pages", 279, 239], ["migrate_pages", 256, 238], ["fanotify_init", 300, 262],
];

/** clone3 hides its flags in memory: ENOSYS, and every C library falls back to clone. */
export const absentCalls = [["clone3", 435, 435]];

/** clone: refused with any of the CLONE_NEW… flags (time, mount, cgroup, uts, ipc, user, pid, net). CLONE_NEWTIME (0x80) shares its bit with the exit signal and exists in clone3 and unshare only. */
export const clone = { numbers: [56, 220], namespaceFlags: 0x7e020000 };

/** ioctl: characters typed into a terminal from inside (TIOCSTI), the console's paste (TIOCLINUX). The kernel looks at the low 32 bits only: so do we. */
export const ioctl = { numbers: [16, 29], requests: [0x5412, 0x541c] };

/** seccomp(SET_MODE_FILTER, NEW_LISTENER …): a process that answers its own traps. prctl's older form cannot ask for one. */
export const seccomp = { numbers: [317, 277], newListener: 1 << 3 };

/** socket: UNIX, INET, INET6, and NETLINK for routes (glibc's getaddrinfo asks for the addresses). The rest (VSOCK, PACKET, ALG, XDP, BLUETOOTH …) is refused. socketpair: UNIX only. */
export const socket = { numbers: [41, 198], pairNumbers: [53, 199], unix: 1, families: [1, 2, 10], netlink: 16, netlinkRoute: 0 };

/** personality: only the ordinary one and the question; no disabled address randomisation, no other system's rules. */
export const personality = { numbers: [135, 92], allowed: [0, 8, 0xffffffff] };
