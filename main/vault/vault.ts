/**
 * The OS keychain (Secret Service, Keychain). A value exists inside one `lend` call in this room's caller and nowhere else of ours.
 * Without a keychain, values live in memory for this run only; never in a file.
 */
import { createRequire } from "node:module";
import { done, failed, type Outcome } from "../../protocol/problem.ts";

export interface Vault {
  state(): "ready" | "locked" | "absent";
  set(name: string, value: string): Outcome<void>;
  list(): string[];
  remove(name: string): Outcome<void>;
  /** Calls `use` with the value. The value must not be kept past the call. */
  lend<T>(name: string, use: (value: string) => T): Outcome<T>;
}

interface Entry {
  getPassword(): string | null;
  setPassword(value: string): void;
  deletePassword(): boolean;
}
interface Keyring {
  Entry: new (service: string, account: string, options: { linux: { store: string } }) => Entry;
}

const service = "bulkhead";
/** The names of what is kept, as an entry of its own: a keychain cannot be listed on every system. `#` is in no secret's name. */
const index = "#names";

type State = ReturnType<Vault["state"]>;
type Answer<T> = { ok: true; value: T } | { ok: false; state: "locked" | "absent" };

export function openVault(options: { hide(value: string): () => void }): Vault {
  const on = openEntries();
  const memory = new Map<string, string>();
  let known: State | undefined;
  const state = (): State => (known ??= probe(on));
  /** An operation asks a locked keychain anew; once absent, it stays so for this run, or the values in memory would be lost from sight. */
  const look = (): State => {
    if (known === "locked") known = undefined;
    return state();
  };
  const refuse = (): Outcome<never> => {
    known = "locked";
    return failed("no-keychain", "The system's keychain is locked or did not answer; no secret was read or changed.", "Unlock the keychain (log in to the desktop, or open the system's password app), then try again.");
  };
  const change = (name: string, act: (entry: Entry) => unknown, adjust: (names: Set<string>) => unknown): Outcome<void> => {
    if (!on(name, act).ok) return refuse();
    const names = readNames(on);
    adjust(names);
    return on(index, (entry) => entry.setPassword([...names].sort().join("\n"))).ok ? done(undefined) : refuse();
  };
  return {
    state,
    list: () => [...(state() === "absent" ? memory.keys() : state() === "ready" ? readNames(on) : [])].sort(),
    set(name, value) {
      if (!/^[a-z0-9-]+$/.test(name)) return failed("bad-input", "A secret's name has only a-z, 0-9 and -.");
      options.hide(value);
      const found = look();
      if (found === "locked") return refuse();
      if (found === "absent") return done(void memory.set(name, value));
      return change(name, (entry) => entry.setPassword(value), (names) => names.add(name));
    },
    remove(name) {
      const found = look();
      if (found === "locked") return refuse();
      if (!(found === "absent" ? memory.has(name) : readNames(on).has(name))) return failed("not-found", `There is no secret named ${name}.`);
      if (found === "absent") return done(void memory.delete(name));
      return change(name, (entry) => entry.deletePassword(), (names) => names.delete(name));
    },
    lend(name, use) {
      const found = look();
      if (found === "locked") return refuse();
      const read: Answer<string | null> = found === "absent" ? { ok: true, value: memory.get(name) ?? null } : on(name, (entry) => entry.getPassword());
      if (!read.ok) return refuse();
      if (read.value === null) return failed("no-key", `There is no secret named ${name}.`);
      // Stays hidden in the log for the rest of the run: an error may quote it long after this call.
      options.hide(read.value);
      return done(use(read.value));
    },
  };
}

type On = <T>(account: string, act: (entry: Entry) => T) => Answer<T>;

/** One entry at a time; what the keychain throws becomes an answer. The native module is loaded at the first of them. */
function openEntries(): On {
  let keyring: Keyring | undefined;
  return (account, act) => {
    keyring ??= loadKeyring();
    if (!keyring) return { ok: false, state: "absent" };
    try {
      // Pinned: the automatic choice may fall to the kernel's keyring, which is gone at reboot. Other systems ignore it.
      return { ok: true, value: act(new keyring.Entry(service, account, { linux: { store: "secret-service" } })) };
    } catch (error) {
      return { ok: false, state: stateOf(String(error)) };
    }
  };
}

/** The module gives words only. «no result found»: a service that has no keyring to write to. */
function stateOf(message: string): "locked" | "absent" {
  if (/no result found/i.test(message)) return "absent";
  return /access platform storage|lock|dismissed|interaction is not allowed/i.test(message) ? "locked" : "absent";
}

/** Known by doing: some services answer a read although they have no keyring, or a locked one, to write to. */
function probe(on: On): State {
  const read = on(index, (entry) => entry.getPassword());
  if (!read.ok) return read.state;
  if (read.value !== null) return "ready";
  const written = on(index, (entry) => entry.setPassword("\n"));
  return written.ok ? "ready" : written.state;
}

function readNames(on: On): Set<string> {
  const read = on(index, (entry) => entry.getPassword());
  return new Set(read.ok ? (read.value ?? "").split("\n").filter((name) => name !== "") : []);
}

function loadKeyring(): Keyring | undefined {
  try {
    return createRequire(import.meta.url)("@napi-rs/keyring") as Keyring;
  } catch {
    return undefined;
  }
}
