/** Name, peers that refuse it too, reason. */
export type Verdict = string[];
export interface Checked {
  clone: { peers: string; reason: string; namespaceFlags: number };
  ioctl: { peers: string; reason: string; requests: number[] };
  seccomp: { peers: string; reason: string; newListener: number };
  socket: { peers: string; reason: string; unix: number; inet: number[]; protocols: number[]; netlink: number; netlinkRoute: number };
  socketpair: { peers: string; reason: string; unix: number };
  personality: { peers: string; reason: string; allowed: number[] };
}
export declare const refused: Verdict[];
export declare const absent: Verdict[];
export declare const checked: Checked;
/** Subject, names. */
export declare const left: string[][];
/** Names, reason. */
export declare const leftReasons: string[][];
