/**
 * What one launch reaches, as one table for both systems: on Linux each row is really tried inside the sandbox, for macOS it is
 * evaluated against the generated profile. `place` is a role; each side says which path plays it.
 */
export type Place =
  | "read-grant" | "edit-grant" | "edit-original" | "beside-grant" | "home" | "ssh" | "keychains" | "autostart" | "own-data" | "host-tmp"
  | "private-home" | "private-tmp" | "system" | "system-config" | "runtime";
export interface Reach { operation: "read" | "write"; place: Place; below: string; allowed: boolean; why: string }

type Cells = [operation: Reach["operation"], place: Place, below: string, allowed: boolean, why: string];
const row = (...[operation, place, below, allowed, why]: Cells): Reach => ({ operation, place, below, allowed, why });

export const reachTable: readonly Reach[] = [
  row("read", "read-grant", "plain.txt", true, "a granted file is read"),
  row("read", "read-grant", "deep/er/plain.txt", true, "so is one far below"),
  row("write", "read-grant", "plain.txt", false, "a read grant is not written"),
  row("write", "read-grant", "new.txt", false, "nothing is created in it either"),
  row("read", "edit-grant", "plain.txt", true, "an edit grant is read"),
  row("write", "edit-grant", "plain.txt", true, "and written, in its staging layer"),
  row("write", "edit-grant", "new.txt", true, "new files too"),
  row("write", "edit-grant", ".git/hooks/pre-commit", true, "protected names are written in staging, so that git works; they never leave it"),
  row("write", "edit-original", "plain.txt", false, "the original of an edit grant stays as it was"),
  row("write", "edit-original", "new.txt", false, "nothing appears in it"),
  row("write", "edit-original", ".git/hooks/pre-commit", false, "no hook, present or absent"),
  row("read", "beside-grant", "plain.txt", false, "a folder whose name begins like the granted one is not granted"),
  row("write", "beside-grant", "plain.txt", false, "nor written"),
  row("read", "home", "notes.txt", false, "the home is not there"),
  row("write", "home", "notes.txt", false, "nor is it written"),
  row("write", "home", ".zshrc", false, "no shell start-up file"),
  row("read", "home", ".aws/credentials", false, "no cloud key"),
  row("read", "home", ".npmrc", false, "no registry token"),
  row("read", "ssh", "id_rsa", false, "no ssh key"),
  row("write", "ssh", "authorized_keys", false, "no way in is planted"),
  row("read", "keychains", "login.keychain-db", false, "no keychain"),
  row("write", "autostart", "evil.plist", false, "nothing that starts by itself"),
  row("read", "own-data", "feed.db", false, "Bulkhead's own data is out of reach"),
  row("write", "own-data", "settings.json", false, "and not written"),
  row("read", "host-tmp", "note.txt", false, "the host's /tmp is another /tmp"),
  row("write", "host-tmp", "note.txt", false, "and stays untouched"),
  row("write", "private-home", "note.txt", true, "a home of its own"),
  row("write", "private-tmp", "note.txt", true, "a temporary folder of its own"),
  row("read", "system", "env", true, "system programs are read"),
  row("write", "system", "env", false, "and never written"),
  row("read", "system-config", "hostname", false, "/etc is a short named list, not the directory"),
  row("read", "runtime", "", true, "the runtime is read"),
  row("write", "runtime", "", false, "and never written"),
];
