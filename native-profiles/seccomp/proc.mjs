/** What of /proc is there inside, name by name, and why. The covers themselves are in main/sandbox/plan.ts; a test holds the two together. */

/** Covered for everybody. */
export const covered = [
  ["keys", "the person's key rings"], ["key-users", "who holds keys"], ["kallsyms", "addresses of the kernel where perf is open to all"], ["modules", "which drivers are loaded"],
  ["cmdline", "names and identifiers of disks, sometimes secrets of the boot"], ["bootconfig", "as cmdline"], ["interrupts", "the rhythm of the person's keyboard"], ["softirqs", "the same, coarser"],
  ["diskstats", "names of disks and when they are used"], ["partitions", "names of disks, a stick when it is put in"], ["swaps", "paths of swap files"], ["mdstat", "disks"],
  ["sched_debug", "every process of the host (kernels before 5.13)"], ["timer_stats", "processes of the host (kernels before 4.11)"], ["latency_stats", "what the host waits for"],
  ["fs", "servers and shares of network disks by name (cifs), disks"], ["scsi", "disks by model"], ["asound", "sound cards and who plays"], ["acpi", "the machine's switches"], ["bus", "devices, keyboards by name"],
  ["driver", "drivers' own files"], ["irq", "devices by name; writable by root"], ["dynamic_debug", "the kernel's own debugging; writable by root"],
];

/** Covered besides where Bulkhead was started as root: mode 0400, so closed to everybody else. */
export const coveredForRoot = [
  ["kcore", "the machine's memory"], ["vmcore", "a dead kernel's memory"], ["kmsg", "the kernel's log"], ["kpagecount", "physical memory"], ["kpageflags", "physical memory"], ["kpagecgroup", "physical memory"],
  ["timer_list", "processes of the host"], ["vmallocinfo", "addresses of the kernel"], ["allocinfo", "the kernel's memory"], ["slabinfo", "the kernel's memory"], ["pagetypeinfo", "the kernel's memory"], ["sysrq-trigger", "restarts the machine"],
];

/** Left, readable, never writable. */
export const shown = [
  ["self thread-self", "the process itself"], ["mounts net", "links into self: the sandbox's own mounts and network"], ["sys", "settings: programs read limits, the kernel's release and random/uuid there. boot_id and counters of the machine can be read: they name no person and no file"],
  ["cpuinfo meminfo stat uptime loadavg version", "every runtime asks for them. They tell how busy the whole machine is; stat's line of interrupts is coarse keyboard rhythm too and cannot be taken out of it"],
  ["vmstat zoneinfo buddyinfo pressure schedstat", "counters of memory and waiting, as meminfo"], ["locks", "the kernel lists the sandbox's own processes only"], ["sysvipc", "the sandbox's own"],
  ["cgroups filesystems devices misc consoles crypto dma execdomains config.gz fb", "what the kernel was built with"], ["iomem ioports", "without a capability every address is zero; names of devices remain"],
  ["tty", "names of terminal drivers: ps needs them"], ["mtrr", "memory types by range"], ["device-tree", "the board, on arm64; a link into /sys, which does not exist"], ["lockdep lockdep_chains lockdep_stats lock_stat", "debugging kernels only"], ["cpu", "alignment faults, arm64"],
];
