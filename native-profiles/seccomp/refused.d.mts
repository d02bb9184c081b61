/**
 * What the kernel refuses inside every sandbox, with the reason on each line: name, number on x86-64, number on arm64 (undefined: not there).
 * EPERM for all; ENOSYS where a program must fall back to an older call. Checked by build/seccomp.mjs; tested inside the real sandbox.
 */
export declare const refusedCalls: (string | number | undefined)[][];
/** clone3 hides its flags in memory: ENOSYS, and every C library falls back to clone. */
export declare const absentCalls: (string | number)[][];
/** clone: refused with any of the CLONE_NEW… flags (time, mount, cgroup, uts, ipc, user, pid, net). CLONE_NEWTIME (0x80) shares its bit with the exit signal and exists in clone3 and unshare only. */
export declare const clone: {
    numbers: number[];
    namespaceFlags: number;
};
/** ioctl: characters typed into a terminal from inside (TIOCSTI), the console's paste (TIOCLINUX). The kernel looks at the low 32 bits only: so do we. */
export declare const ioctl: {
    numbers: number[];
    requests: number[];
};
/** seccomp(SET_MODE_FILTER, NEW_LISTENER …): a process that answers its own traps. prctl's older form cannot ask for one. */
export declare const seccomp: {
    numbers: number[];
    newListener: number;
};
/** socket: UNIX, INET, INET6, and NETLINK for routes (glibc's getaddrinfo asks for the addresses). The rest (VSOCK, PACKET, ALG, XDP, BLUETOOTH …) is refused. socketpair: UNIX only. */
export declare const socket: {
    numbers: number[];
    pairNumbers: number[];
    unix: number;
    families: number[];
    netlink: number;
    netlinkRoute: number;
};
/** personality: only the ordinary one and the question; no disabled address randomisation, no other system's rules. */
export declare const personality: {
    numbers: number[];
    allowed: number[];
};
