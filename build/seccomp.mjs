/** Builds the classic BPF programs from native-profiles/seccomp: no library, one small assembler. Run by itself it writes docs/seccomp.md and the readable filters. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { calls, lastReviewed } from "../native-profiles/seccomp/calls.mjs";
import { covered, coveredForRoot, shown } from "../native-profiles/seccomp/proc.mjs";
import { absent, checked, left, leftReasons, refused } from "../native-profiles/seccomp/verdicts.mjs";

const load = 0x20, equal = 0x15, atLeast = 0x35, anyBit = 0x45, give = 0x06;
const killProcess = 0x80000000, allow = 0x7fff0000, error = (number) => 0x00050000 | number;
const EPERM = error(1), ENOSYS = error(38), EPROTONOSUPPORT = error(93);
const architectures = { x64: { audit: 0xc000003e, column: 0 }, arm64: { audit: 0xc00000b7, column: 1 } };
/** Offsets in struct seccomp_data. Arguments are 64 bits; the low half comes first on both machines. */
const number = 0, architecture = 4, argument = (index) => 16 + 8 * index;

/** A name that calls.mjs does not know is a slip of the pen: nothing is built then. */
function numberOf(call, column) {
  const numbers = calls[call];
  if (!numbers) throw new Error(`${call} is no system call of calls.mjs`);
  return numbers[column];
}

/** What is decided, by name; what is in none of the three does not exist. */
export const policy = { refused: refused.map(([name]) => name), left: left.flatMap(([, names = ""]) => names.split(" ")), checked };

/** The filter as [code, jumpTrue, jumpFalse, value][]. */
export function seccompProgram(name, list = policy) {
  const { audit, column } = architectures[name];
  const out = [[load, 0, 0, architecture], [equal, 1, 0, audit], [give, 0, 0, killProcess], [load, 0, 0, number]];
  // x32 calls carry bit 30 and would pass for later numbers below.
  if (name === "x64") out.push([atLeast, 0, 1, 0x40000000], [give, 0, 0, killProcess]);
  for (const [call, body] of Object.entries(bodies(list.checked))) out.push([equal, 0, body.length, numberOf(call, column)], ...body);
  // From the highest number down: the first start that is not above the call gives the verdict.
  for (const { start, verdict } of segments(list, column).reverse()) out.push(...(start > 0 ? [[atLeast, 0, 1, start]] : []), [give, 0, 0, verdict]);
  return out;
}

/** A block for one call each: it always ends in a verdict, so nothing after it sees a changed accumulator. */
function bodies({ clone, ioctl, seccomp, socket, socketpair, personality }) {
  const give1 = (verdict) => [give, 0, 0, verdict];
  const oneOf = (values, verdict) => values.flatMap((value) => [[equal, 0, 1, value], give1(verdict)]);
  const protocols = [[load, 0, 0, argument(2)], ...oneOf(socket.protocols, allow), give1(EPROTONOSUPPORT)];
  const inet = socket.inet.map((family, index) => [equal, socket.inet.length - 1 - index, index === socket.inet.length - 1 ? protocols.length : 0, family]);
  return {
    clone: [[load, 0, 0, argument(0)], [anyBit, 0, 1, clone.namespaceFlags], give1(EPERM), give1(allow)],
    ioctl: [[load, 0, 0, argument(1)], ...oneOf(ioctl.requests, EPERM), give1(allow)],
    seccomp: [[load, 0, 0, argument(1)], [anyBit, 0, 1, seccomp.newListener], give1(EPERM), give1(allow)],
    socket: [
      [load, 0, 0, argument(0)], ...oneOf([socket.unix], allow), ...inet, ...protocols,
      [equal, 1, 0, socket.netlink], give1(EPERM), [load, 0, 0, argument(2)], ...oneOf([socket.netlinkRoute], allow), give1(EPERM),
    ],
    socketpair: [[load, 0, 0, argument(0)], ...oneOf([socketpair.unix], allow), give1(EPERM)],
    personality: [[load, 0, 0, argument(0)], ...oneOf(personality.allowed, allow), give1(EPERM)],
  };
}

/** The number line, cut where the verdict changes: whatever nobody judged is answered with ENOSYS. */
function segments(list, column) {
  const verdicts = Array.from({ length: lastReviewed + 2 }, () => ENOSYS);
  for (const [names, verdict] of [[list.left, allow], [list.refused, EPERM]]) {
    for (const name of names) {
      const at = numberOf(name, column);
      if (at !== undefined) verdicts[at] = verdict;
    }
  }
  return verdicts.map((verdict, start) => ({ start, verdict })).filter(({ start, verdict }) => start === 0 || verdicts[start - 1] !== verdict);
}

/** The same as the bytes that the kernel takes: struct sock_filter, little endian. */
export function seccompBytes(name, list = policy) {
  const program = seccompProgram(name, list);
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, yes, no, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}

/** One instruction a line, for eyes: what changed in the filter shows in review. */
export function readable(name) {
  const words = { [load]: "load", [equal]: "equal", [atLeast]: "at-least", [anyBit]: "any-bit", [give]: "give" };
  const verdicts = { [killProcess]: "kill", [allow]: "allow", [EPERM]: "EPERM", [ENOSYS]: "ENOSYS", [EPROTONOSUPPORT]: "EPROTONOSUPPORT" };
  const line = (instruction, index) => {
    const [code, yes, no, value] = instruction;
    if (code === give) return `${index} give ${verdicts[value]}`;
    if (code === load) return `${index} load ${value === number ? "number" : value === architecture ? "architecture" : `argument ${(value - 16) / 8}`}`;
    return `${index} ${words[code]} 0x${(value >>> 0).toString(16)} (${value >>> 0}) then ${index + 1 + yes} else ${index + 1 + no}`;
  };
  return `${seccompProgram(name).map(line).join("\n")}\n`;
}

/** docs/seccomp.md. */
export function seccompDocument() {
  const peer = (peers, letter) => (peers.includes(letter) ? "refused" : peers.includes(letter.toLowerCase()) ? "by arguments" : "left");
  const row = (answer) => (entry) => {
    const [name, peers, reason] = entry;
    return `| ${name} | ${calls[name]?.map(String).join(" / ")} | ${answer} | ${peer(peers, "F")} | ${peer(peers, "D")} | ${peer(peers, "C")} | ${reason} |`;
  };
  const pair = (entry) => `| ${entry[0]} | ${entry[1]} |`;
  return `# The kernel's surface: system calls and /proc inside the sandbox

Made from \`native-profiles/seccomp\` by \`node build/seccomp.mjs\`; a test fails where this page and the filter differ.

Every system call of Linux up to number ${lastReviewed} was judged. What nobody judged (later numbers, gaps) is answered with ENOSYS, so a new kernel adds nothing.
Calls of another machine (int 0x80 and x32 on x86-64, AArch32 on arm64) kill the process. Both filters come from one list.

Compared with: **Flatpak** (\`common/flatpak-run.c\`, for an application without \`devel\`), **Docker** (\`moby/profiles\`, \`seccomp/default_linux.go\`, no capability added),
**Chromium** (\`sandbox/linux/seccomp-bpf-helpers/baseline_policy.cc\` and \`syscall_sets.cc\`). Chromium's baseline is for a renderer, which has no files, no sockets and no children of its own.

## Refused, absent, answered by arguments

| call | x86-64 / arm64 | here | Flatpak | Docker | Chromium | why |
|---|---|---|---|---|---|---|
${[...Object.entries(checked).map(([name, { peers, reason }]) => row("by arguments")([name, peers, reason])), ...refused.map(row("EPERM")), ...absent.map(row("ENOSYS"))].join("\n")}

## Left, though somebody may ask

| calls | why |
|---|---|
${leftReasons.map(pair).join("\n")}

## Left, by subject

${left.map(([subject, names]) => `- ${subject}: ${names}`).join("\n")}

## /proc

/sys does not exist inside. /proc shows the sandbox's own processes and is mounted read-only as a whole, so that no file in it is writable, a process's own (comm, oom_score_adj, mem) included,
also where Bulkhead was started as root and the processes inside own root's files. What shows the host is covered by the null device or an empty directory.
\`/proc/self/mountinfo\` cannot be covered: it names, for each mount, the path inside its file system. That is the granted path itself for a folder, and the place where Bulkhead and its sockets are installed.

| covered for everybody | shows |
|---|---|
${covered.map(pair).join("\n")}

| covered where started as root | shows |
|---|---|
${coveredForRoot.map(pair).join("\n")}

| left | why |
|---|---|
${shown.map(pair).join("\n")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = new URL("..", import.meta.url);
  writeFileSync(new URL("docs/seccomp.md", root), seccompDocument());
  for (const name of ["x64", "arm64"]) writeFileSync(new URL(`native-profiles/seccomp/${name}.txt`, root), readable(name));
}
