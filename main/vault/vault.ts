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

export function openVault(options: { hide(value: string): () => void }): Vault {
  const keyring = loadKeyring();
  const memory = new Map<string, string>();
  const entry = (name: string): Entry | undefined => (keyring ? new keyring.Entry(service, name, { linux: { store: "secret-service" } }) : undefined);
  const probe = (): "ready" | "locked" | "absent" => {
    try {
      const names = entry(index);
      if (!names) return "absent";
      names.getPassword();
      return "ready";
    } catch (error) {
      return /lock/i.test(String(error)) ? "locked" : "absent";
    }
  };
  const names = (): string[] => {
    if (probe() !== "ready") return [...memory.keys()];
    const text = entry(index)?.getPassword();
    return text ? text.split("\n").filter((name) => name !== "") : [];
  };
  const keepNames = (all: readonly string[]): void => entry(index)?.setPassword([...new Set(all)].sort().join("\n"));
  const get = (name: string): string | undefined => (probe() === "ready" ? (entry(name)?.getPassword() ?? undefined) : memory.get(name));
  return {
    state: probe,
    list: names,
    set(name, value) {
      if (!/^[a-z0-9-]+$/.test(name)) return failed("bad-input", "A secret's name has only a-z, 0-9 and -.");
      const state = probe();
      if (state === "locked") return failed("no-keychain", "The keychain is locked; nothing was kept.", "Unlock it and try again.");
      if (state === "absent") memory.set(name, value);
      else {
        entry(name)?.setPassword(value);
        keepNames([...names(), name]);
      }
      return done(undefined);
    },
    remove(name) {
      if (!names().includes(name)) return failed("not-found", `There is no secret named ${name}.`);
      memory.delete(name);
      if (probe() === "ready") {
        entry(name)?.deletePassword();
        keepNames(names().filter((one) => one !== name));
      }
      return done(undefined);
    },
    lend(name, use) {
      const value = get(name);
      if (value === undefined) return failed("no-key", `There is no secret named ${name}.`);
      // Stays hidden in the log for the rest of the run: an error may quote it long after this call.
      options.hide(value);
      return done(use(value));
    },
  };
}

function loadKeyring(): Keyring | undefined {
  try {
    return createRequire(import.meta.url)("@napi-rs/keyring") as Keyring;
  } catch {
    return undefined;
  }
}
