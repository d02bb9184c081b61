/** Lines about ways out: the network, sockets of this session, other processes, what could be inherited. What the listeners heard is the judge. */
import type { SandboxSpec } from "../../protocol/sandboxSpec.ts";
import { all, entries, few, type Line } from "./line.ts";
import type { SessionSockets } from "./sessionSockets.ts";
import { inWords, noSuchProcess, notFound, type Answer, type Step } from "./step.ts";
import { variableOf, type World } from "./world.ts";

export interface BorderGround {
  world: World;
  spec: SandboxSpec;
  sockets: SessionSockets;
  /** Whether the decoy was alive when the inside had its turn. */
  survived(): boolean;
}

export function borderLines(ground: BorderGround): Line[] {
  return [keychainLine(ground), socketsLine(ground), networkLine(ground), ...brokerLine(ground), processesLine(ground), sharedMemoryLine(ground), environmentLine(ground), descriptorsLine()];
}

/** A stand-in of ours, which is always there, and the session's real sockets. */
function connections(world: World, standIn: string, real: readonly string[]): Pick<Line, "inside" | "control" | "judge"> {
  const first = (who: string): Step => ["unix", standIn, `${who}-${standIn}-${world.canary}`];
  // Outside the session's real sockets are looked at, never connected: the stand-in is the control.
  return {
    inside: [first("inside"), ...real.map((path): Step => ["unix", path])], control: [first("outside"), ...real.map((path): Step => (path.startsWith("@") ? ["unix", path] : ["see", path]))],
    judge(inside, control) {
      const got = [standIn, ...real].filter((_, index) => inside[index]?.errno === 0);
      const live = real.filter((_, index) => control[index + 1]?.errno === 0);
      const reached = world.heard(`outside-${standIn}-${world.canary}`);
      return {
        held: got.length === 0 && !world.heard(`inside-${standIn}-${world.canary}`), reached,
        inside: got.length === 0 ? "no connection" : `connected: ${few(got)}`,
        control: reached ? `connected to the stand-in; ${live.length > 0 ? `${few(live)} is there` : "no real one is here"}` : "the stand-in was not reached",
      };
    },
  };
}

const keychainLine = ({ world, sockets }: BorderGround): Line =>
  ({ id: "keychain", subject: "the keychain", holds: "unreachable", fails: "reachable", tried: "the session's bus, on which the keychain answers, and a stand-in for it", ...connections(world, world.bus, sockets.keychain) });

const socketsLine = ({ world, sockets }: BorderGround): Line =>
  ({ id: "sockets", subject: "sockets of your session", holds: "unreachable", fails: "reachable", tried: "a socket of our own beside them; display, system bus, key agents, docker, where they are", ...connections(world, world.socket, sockets.session) });

function networkLine({ world }: BorderGround): Line {
  const text = (who: string, index: number): string => `${who}-network-${index}-${world.canary}`;
  const steps = (who: string): Step[] => {
    const places: [Step[0], string][] = [...world.tcp.map((at): [Step[0], string] => ["tcp", at]), ...world.udp.map((at): [Step[0], string] => ["udp", at]), ["unix", world.abstract]];
    return places.map(([op, at], index): Step => [op, at, text(who, index)]);
  };
  const interfaces: Step = ["see", "/proc/self/net/dev"];
  const count = steps("inside").length;
  const names = (answer: Answer | undefined): string[] => [...(answer?.text ?? "").matchAll(/^ *([^\s:]+):/gm)].map((found) => found[1] ?? "");
  return {
    id: "network", subject: "the network", holds: "no route", fails: "a way out", tried: `this computer's own addresses (${few(world.tcp.map((at) => at.split(":")[0] ?? ""))}) by TCP and UDP, a socket without a path, the list of interfaces`,
    inside: [...steps("inside"), interfaces], control: steps("outside"),
    judge(inside) {
      const through = (who: string): number => steps(who).filter((step) => world.heard(step[2] ?? "")).length;
      const cards = names(inside.at(-1)).filter((name) => name !== "lo");
      const held = through("inside") === 0 && cards.length === 0;
      return {
        held, reached: through("outside") === count,
        inside: held ? `none of ${count} tries arrived; no interface but loopback` : `${through("inside")} of ${count} tries arrived; interfaces: ${few(["lo", ...cards])}`,
        control: `${through("outside")} of ${count} tries arrived`,
      };
    },
  };
}

function brokerLine({ world, spec }: BorderGround): Line[] {
  if (spec.egressSocket === undefined) return [];
  const [at = ""] = world.tcp;
  const ask = (who: string, via: string): Step => ["tcp", via, `GET http://${at}/${who}-broker-${world.canary} HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\n\r\n`];
  return [{
    id: "broker", subject: "sites that you did not allow", holds: "refused", fails: "let through", tried: `a request for ${at}, which no rule allows, by the sandbox's one way out`,
    inside: [ask("inside", "127.0.0.1:3128")], control: [ask("outside", at)],
    judge([inside]) {
      const through = world.heard(`inside-broker-${world.canary}`);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(inside?.text ?? "")?.[1];
      const asked = world.heard(`outside-broker-${world.canary}`);
      return {
        held: !through && status === "403", reached: asked,
        inside: through ? "the request arrived" : status ? `the broker answered ${status}` : `no answer of the broker (${inWords(inside)})`,
        control: asked ? "the same request without the broker arrived" : "the same request did not arrive",
      };
    },
  }];
}

function processesLine({ world, survived }: BorderGround): Line {
  const steps: Step[] = [["search", "cmdline", world.canary], ["end", String(world.decoy.pid)]];
  return {
    id: "processes", subject: "your other programs", holds: "not seen, not ended", fails: "seen", tried: "a program of ours: to find its name in the list of processes, to end it", inside: steps, control: steps,
    judge([seen], [control]) {
      const hidden = seen?.errno === noSuchProcess;
      const reached = control?.errno === 0 && !world.decoy.alive();
      return {
        held: hidden && survived(), reached,
        inside: `${hidden ? "not in the list" : "in the list"}, ${survived() ? "went on" : "ended"}`, control: reached ? "found in the list, and ended" : "not found or not ended",
      };
    },
  };
}

function sharedMemoryLine({ world }: BorderGround): Line {
  const steps: Step[] = [["segment", String(world.segment), "find"]];
  return {
    id: "shared-memory", subject: "memory shared between programs", holds: "not there", fails: "there", tried: "a memory segment of ours", inside: steps, control: steps,
    judge: ([inside], [control]) => ({ held: inside?.errno === notFound, reached: control?.errno === 0, inside: inWords(inside), control: control?.errno === 0 ? "found" : inWords(control) }),
  };
}

function environmentLine({ world }: BorderGround): Line {
  const steps: Step[] = [["search", "environ", variableOf(world.canary)]];
  return {
    id: "environment", subject: "the app's variables", holds: "not passed on", fails: "passed on", tried: "a variable set in the app before the start, in every process that is seen", inside: steps, control: steps,
    judge: ([inside], [control]) => ({ held: inside?.errno === noSuchProcess, reached: control?.errno === 0, inside: inside?.errno === 0 ? "found" : "in no process", control: control?.errno === 0 ? "found" : "not found" }),
  };
}

/** The listing itself needs the lowest free number. */
function descriptorsLine(): Line {
  const steps: Step[] = [["names", "/proc/self/fd"]];
  const more = (answer: Answer | undefined): string[] => entries(answer).filter((name) => !["0", "1", "2", "3"].includes(name));
  return {
    id: "descriptors", subject: "open files of the app", holds: "none inherited", fails: "inherited", tried: "the list of open descriptors", inside: steps, control: steps,
    judge(inside, control) {
      const extra = more(inside[0]);
      const held = all(inside, (answer) => answer.errno === 0) && extra.length === 0;
      return { held, reached: more(control[0]).length > 0, inside: held ? "input, output and error only" : `also ${few(extra)}`, control: more(control[0]).length > 0 ? "one handed over on purpose is listed" : "one handed over on purpose is not listed" };
    },
  };
}
