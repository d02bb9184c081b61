/** Builds the classic BPF programs from native-profiles/seccomp/refused.mjs: no library, one small assembler. */
import { absentCalls, clone, ioctl, personality, refusedCalls, seccomp, socket } from "../native-profiles/seccomp/refused.mjs";

const load = 0x20, equal = 0x15, atLeast = 0x35, anyBit = 0x45, give = 0x06;
const killProcess = 0x80000000, allow = 0x7fff0000, error = (number) => 0x00050000 | number;
const EPERM = 1, ENOSYS = 38;
const architectures = { x64: { audit: 0xc000003e, column: 0 }, arm64: { audit: 0xc00000b7, column: 1 } };
/** Offsets in struct seccomp_data. Arguments are 64 bits; the low half comes first on both machines. */
const number = 0, architecture = 4, argument = (index) => 16 + 8 * index;

/** The filter as [code, jumpTrue, jumpFalse, value][]. */
export function seccompProgram(name) {
  const { audit, column } = architectures[name];
  const out = [[load, 0, 0, architecture], [equal, 1, 0, audit], [give, 0, 0, killProcess], [load, 0, 0, number]];
  // x32 calls carry bit 30 and would miss every number below.
  if (name === "x64") out.push([atLeast, 0, 1, 0x40000000], [give, 0, 0, killProcess]);
  const refuse = (calls, result) => {
    for (const call of calls) if (call[column + 1] !== undefined) out.push([equal, 0, 1, call[column + 1]], [give, 0, 0, result]);
  };
  refuse(refusedCalls, error(EPERM));
  refuse(absentCalls, error(ENOSYS));
  // A block for one call: its body always ends in a verdict, so nothing after it sees a changed accumulator.
  const block = (call, body) => out.push([equal, 0, body.length, call], ...body);
  block(clone.numbers[column], [[load, 0, 0, argument(0)], [anyBit, 0, 1, clone.namespaceFlags], [give, 0, 0, error(EPERM)], [give, 0, 0, allow]]);
  block(ioctl.numbers[column], [[load, 0, 0, argument(1)], ...ioctl.requests.flatMap((request) => [[equal, 0, 1, request], [give, 0, 0, error(EPERM)]]), [give, 0, 0, allow]]);
  block(seccomp.numbers[column], [[load, 0, 0, argument(1)], [anyBit, 0, 1, seccomp.newListener], [give, 0, 0, error(EPERM)], [give, 0, 0, allow]]);
  block(socket.numbers[column], [
    [load, 0, 0, argument(0)], ...socket.families.flatMap((family) => [[equal, 0, 1, family], [give, 0, 0, allow]]),
    [equal, 1, 0, socket.netlink], [give, 0, 0, error(EPERM)],
    [load, 0, 0, argument(2)], [equal, 0, 1, socket.netlinkRoute], [give, 0, 0, allow], [give, 0, 0, error(EPERM)],
  ]);
  block(socket.pairNumbers[column], [[load, 0, 0, argument(0)], [equal, 0, 1, socket.unix], [give, 0, 0, allow], [give, 0, 0, error(EPERM)]]);
  block(personality.numbers[column], [[load, 0, 0, argument(0)], ...personality.allowed.flatMap((value) => [[equal, 0, 1, value], [give, 0, 0, allow]]), [give, 0, 0, error(EPERM)]]);
  out.push([give, 0, 0, allow]);
  return out;
}

/** The same as the bytes that the kernel takes: struct sock_filter, little endian. */
export function seccompBytes(name) {
  const program = seccompProgram(name);
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, yes, no, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}
