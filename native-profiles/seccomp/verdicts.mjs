/**
 * The verdict on every system call, judged one by one against three peers: F Flatpak's list, D Docker's default profile (no capability added),
 * C Chromium's baseline for its renderers (which have no files of their own: it allows little more than memory, threads and open descriptors).
 * A letter means that the peer refuses the call too; a small letter: with some arguments only. docs/seccomp.md is made from this file.
 */

/** EPERM: name, peers, reason. */
export const refused = [
  // The view of files and namespaces is made outside, before the start.
  ["unshare", "FDC", "a user namespace of one's own holds every capability again: read-only binds come off, the kernel's network code opens"],
  ["setns", "FDC", "enters another namespace"],
  ["mount", "FDC", "changes what is visible"],
  ["umount2", "FDC", "uncovers what lies below"],
  ["pivot_root", "FDC", "changes what is visible"],
  ["chroot", "FDC", "the first step of leaving a root"],
  ["open_tree", "FDC", "the mount family's new interface"],
  ["open_tree_attr", "DC", "the mount family's new interface, later than Flatpak's list"],
  ["move_mount", "FDC", "the mount family's new interface"],
  ["fsopen", "FDC", "a file system driver of one's choice, with its options"],
  ["fsconfig", "FDC", "a file system driver of one's choice, with its options (CVE-2022-0185)"],
  ["fsmount", "FDC", "the mount family's new interface"],
  ["fspick", "FDC", "the mount family's new interface"],
  ["mount_setattr", "FDC", "takes read-only off a mount"],
  ["name_to_handle_at", "C", "half of opening by handle; no program of ours needs one"],
  ["open_by_handle_at", "DC", "opens a file past every directory on its way"],
  // Other processes: process 1 holds the socket that leads outside.
  ["ptrace", "FC", "reads and steers another process"],
  ["process_vm_readv", "C", "another process's memory"],
  ["process_vm_writev", "C", "another process's memory"],
  ["process_madvise", "DC", "another process's memory"],
  ["process_mrelease", "C", "another process's memory"],
  ["pidfd_getfd", "DC", "another process's descriptors: process 1 holds a socket to the launcher"],
  ["kcmp", "DC", "tells addresses of kernel objects apart"],
  // Machines inside the kernel.
  ["io_uring_setup", "DC", "runs calls that no filter sees"],
  ["io_uring_enter", "DC", "runs calls that no filter sees"],
  ["io_uring_register", "DC", "runs calls that no filter sees"],
  ["bpf", "DC", "programs in the kernel"],
  ["perf_event_open", "FDC", "counters and probes; many published escalations"],
  ["userfaultfd", "DC", "stops the kernel in the middle of a copy: the usual lever of a race"],
  ["lookup_dcookie", "DC", "names of files by a kernel cookie; gone since 6.7"],
  ["fanotify_init", "DC", "watches whole file systems"],
  ["fanotify_mark", "C", "of no use without fanotify_init"],
  ["quotactl", "FDC", "quotas of the person's file systems"],
  ["quotactl_fd", "DC", "the same by descriptor"],
  // Key rings are not divided by namespaces.
  ["add_key", "FDC", "the person's key rings; a long history of faults"],
  ["request_key", "FDC", "the person's key rings, and a program that the kernel starts on the host"],
  ["keyctl", "FDC", "the person's key rings"],
  // The machine.
  ["kexec_load", "DC", "another kernel"],
  ["kexec_file_load", "DC", "another kernel"],
  ["init_module", "DC", "kernel modules"],
  ["finit_module", "DC", "kernel modules"],
  ["delete_module", "DC", "kernel modules"],
  ["create_module", "DC", "kernel modules of Linux 2.4"],
  ["get_kernel_syms", "DC", "kernel modules of Linux 2.4"],
  ["query_module", "DC", "kernel modules of Linux 2.4"],
  ["reboot", "DC", "ends the machine"],
  ["swapon", "DC", "memory of the machine on a file of one's choice"],
  ["swapoff", "DC", "memory of the machine"],
  ["acct", "FDC", "writes every process's end into a file"],
  ["syslog", "FDC", "the kernel's log shows addresses, devices and programs of the host"],
  ["nfsservctl", "DC", "gone since 3.1"],
  ["settimeofday", "DC", "the machine's clock"],
  ["clock_settime", "DC", "the machine's clock"],
  ["clock_adjtime", "C", "the machine's clock; reading it is of use to time servers only"],
  ["adjtimex", "C", "the machine's clock; reading it is of use to time servers only"],
  ["sethostname", "DC", "nothing that a document needs"],
  ["setdomainname", "DC", "nothing that a document needs"],
  ["iopl", "DC", "hardware ports"],
  ["ioperm", "DC", "hardware ports"],
  ["modify_ldt", "FC", "16-bit segments: a source of leaks, needed by old Windows programs only"],
  ["uselib", "FDC", "libraries of the a.out days"],
  ["_sysctl", "DC", "gone since 5.5"],
  ["sysfs", "DC", "lists the kernel's file systems; obsolete"],
  ["ustat", "DC", "asks any device by number; obsolete"],
  ["vhangup", "DC", "hangs up a terminal"],
  // Memory of other nodes: no gain on a person's machine, faults in the past.
  ["move_pages", "FDC", "pages of other processes"],
  ["migrate_pages", "FDC", "pages of other processes"],
  ["mbind", "FDC", "memory nodes"],
  ["set_mempolicy", "FDC", "memory nodes"],
  ["get_mempolicy", "FDC", "memory nodes"],
  ["set_mempolicy_home_node", "DC", "memory nodes"],
];

/** ENOSYS, so that a program falls back to an older call. What neither this file nor calls.mjs names is answered so as well. */
export const absent = [
  ["clone3", "FDC", "hides its flags in memory; every C library falls back to clone"],
  ["memfd_secret", "C", "memory that the watch of the tree's total cannot see"],
  ["cachestat", "C", "what of a shared file is in memory: tells what other programs of the host read"],
  ["statmount", "C", "mounts by number; libraries fall back to /proc/self/mountinfo"],
  ["listmount", "C", "mounts by number; libraries fall back to /proc/self/mountinfo"],
  ["listns", "DC", "numbers of namespaces"],
  ["lsm_get_self_attr", "DC", "security modules; libraries fall back to /proc/self/attr"],
  ["lsm_set_self_attr", "DC", "changes the security module's profile of the process"],
  ["lsm_list_modules", "DC", "security modules"],
  ["file_getattr", "DC", "new in 6.17; chattr falls back to its ioctl"],
  ["file_setattr", "DC", "new in 6.17; chattr falls back to its ioctl"],
  ["uretprobe", "C", "the kernel's own probes only; newer kernels answer it before any filter, with SIGILL outside a probe"],
  ["uprobe", "DC", "the kernel's own probes only; newer kernels answer it before any filter"],
  ["getpmsg", "DC", "never existed in Linux"], ["putpmsg", "DC", "never existed in Linux"], ["afs_syscall", "DC", "never existed in Linux"],
  ["tuxcall", "DC", "never existed in Linux"], ["security", "DC", "never existed in Linux"], ["vserver", "DC", "never existed in Linux"],
  ["set_thread_area", "C", "32-bit programs only"], ["get_thread_area", "C", "32-bit programs only"],
  ["epoll_ctl_old", "C", "never existed on x86-64"], ["epoll_wait_old", "C", "never existed on x86-64"],
];

/** Answered by their arguments. The kernel reads the low 32 bits of each of these: so do we, whatever the upper half says. */
export const checked = {
  /** Any CLONE_NEW… flag. CLONE_NEWTIME (0x80) shares its bit with the exit signal and exists in clone3 and unshare only. */
  clone: { peers: "fdc", reason: "no new namespace (cgroup, uts, ipc, user, pid, net, mount)", namespaceFlags: 0x7e020000 },
  /** TIOCSTI, TIOCLINUX, TIOCSETD. */
  ioctl: { peers: "fc", reason: "no characters typed into a terminal, no console paste (CVE-2017-5226, CVE-2023-28100), no line discipline, which loads kernel modules (CVE-2023-6546; neither peer)", requests: [0x5412, 0x541c, 0x5423] },
  /** A process that answers its own traps. prctl's older form cannot ask for one. */
  seccomp: { peers: "C", reason: "no filter with a listener (SECCOMP_FILTER_FLAG_NEW_LISTENER)", newListener: 1 << 3 },
  /** UNIX, INET, INET6; NETLINK for routes only: glibc's getaddrinfo asks for the addresses. Within INET only TCP, UDP and ICMP: SCTP, DCCP, MPTCP and their like load modules. */
  socket: { peers: "fdC", reason: "no VSOCK, PACKET, ALG, XDP, BLUETOOTH, no NETLINK but routes, and of INET only TCP, UDP, ICMP (EPROTONOSUPPORT; neither peer)", unix: 1, inet: [2, 10], protocols: [0, 1, 6, 17, 58], netlink: 16, netlinkRoute: 0 },
  socketpair: { peers: "c", reason: "UNIX only", unix: 1 },
  /** The ordinary one, UNAME26's absence included, and the question. */
  personality: { peers: "fdC", reason: "no disabled address randomisation, no other system's rules", allowed: [0, 8, 0xffffffff] },
};

/** Left, by subject. */
export const left = [
  ["Bytes", "read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 lseek sendfile splice tee vmsplice copy_file_range readahead fadvise64 fallocate ftruncate truncate fsync fdatasync sync syncfs sync_file_range"],
  ["Opening and descriptors", "open openat openat2 creat close close_range dup dup2 dup3 fcntl flock pipe pipe2 memfd_create"],
  ["Looking", "stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir umask"],
  ["Names and modes", "rename renameat renameat2 mkdir mkdirat rmdir link linkat unlink unlinkat symlink symlinkat mknod mknodat chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat"],
  ["Extended attributes", "setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr setxattrat getxattrat listxattrat removexattrat"],
  ["Waiting for descriptors", "poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch timerfd_create timerfd_settime timerfd_gettime"],
  ["Asynchronous files (databases; each request is an ordinary read or write)", "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents"],
  ["Memory of one's own", "mmap munmap mprotect mremap madvise brk msync mincore mlock mlock2 munlock mlockall munlockall remap_file_pages pkey_mprotect pkey_alloc pkey_free map_shadow_stack mseal membarrier"],
  ["Processes and threads", "fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid getpgid setpgid getpgrp getsid setsid set_tid_address set_robust_list get_robust_list rseq arch_prctl prctl futex futex_waitv futex_wake futex_wait futex_requeue restart_syscall pidfd_open uname sysinfo getcpu getrandom times getrusage getrlimit setrlimit prlimit64"],
  ["Scheduling", "sched_yield sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_setaffinity sched_getaffinity sched_setattr sched_getattr getpriority setpriority ioprio_set ioprio_get"],
  ["Signals", "kill tkill tgkill pidfd_send_signal rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend sigaltstack pause"],
  ["Identity (one id is mapped, no capability is left)", "getuid getgid geteuid getegid setuid setgid setreuid setregid getgroups setgroups setresuid getresuid setresgid getresgid setfsuid setfsgid capget capset"],
  ["Time", "nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time getitimer setitimer alarm timer_create timer_settime timer_gettime timer_getoverrun timer_delete"],
  ["Sockets", "connect accept accept4 bind listen shutdown getsockname getpeername sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg setsockopt getsockopt"],
  ["System V and POSIX queues (a namespace of the sandbox's own)", "shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr"],
  ["Taking one's own rights away", "landlock_create_ruleset landlock_add_rule landlock_restrict_self"],];

/** Left although a peer or a careful reader may ask: name and why. */
export const leftReasons = [
  ["landlock_create_ruleset landlock_add_rule landlock_restrict_self", "only take rights away from whoever calls them"],
  ["seccomp", "a stricter filter of one's own only takes rights away; browsers need it"],
  ["mseal map_shadow_stack pkey_mprotect", "harden a process's own memory"],
  ["futex_waitv futex_wake futex_wait futex_requeue", "the same code as futex, without its pointer trickery; new C libraries use them"],
  ["io_setup io_submit", "databases; ordinary reads and writes of open descriptors"],
  ["splice vmsplice tee", "coreutils and git copy with them; CVE-2022-0847 was mended in 5.16.11"],
  ["memfd_create execveat", "nothing here depends on recognising a program: what runs has the same rights as its caller"],
  ["mknod mknodat", "FIFOs; devices need a capability that nobody has"],
  ["setuid setgid setgroups capset", "one identity is mapped and no capability is left: nothing to gain"],
  ["sync", "slow, harmless; the staging layer does not wait for it"],
  ["pidfd_open pidfd_send_signal kill", "reach the sandbox's own processes only"],
  ["setsockopt", "its arguments lie in memory: a filter cannot judge them; the network behind it is the sandbox's own"],
  ["prctl", "concerns the caller only; no_new_privs cannot be taken back"],
];
