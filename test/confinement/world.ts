/** A made-up person's disk, full of canaries, and its fingerprint: what the host looks like before and after is the judge. */
import { createHash, randomBytes } from "node:crypto";
import { removeTree } from "../../main/base/removeTree.ts";
import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, inject } from "vitest";
import type { FolderMount } from "../../protocol/sandboxSpec.ts";
import { give, mount, ownDirectory, type Person } from "./person.ts";

export const secretNames = [
  ".ssh/id_rsa", ".ssh/id_ed25519", ".ssh/config", ".ssh/known_hosts", ".aws/credentials", ".aws/config", ".gnupg/private-keys-v1.d/key", ".gnupg/trustdb.gpg", ".config/gh/hosts.yml", ".config/gcloud/credentials.db",
  ".config/gcloud/application_default_credentials.json", ".azure/msal_token_cache.json", ".kube/config", ".docker/config.json", ".netrc", ".npmrc", ".pypirc", ".git-credentials", ".gitconfig", ".bash_history", ".zsh_history", ".python_history",
  ".claude.json", ".claude/settings.json", ".codex/auth.json", ".gemini/oauth_creds.json", ".mozilla/firefox/x.default/logins.json", ".config/google-chrome/Default/Login Data", ".config/chromium/Default/Cookies",
  ".local/share/keyrings/login.keyring", ".local/share/kwalletd/kdewallet.kwl", ".password-store/mail.gpg", ".pki/nssdb/key4.db", ".thunderbird/x/key4.db", ".config/1Password/x", ".config/Bitwarden/data.json", ".cargo/credentials.toml",
  ".config/op/config", ".terraform.d/credentials.tfrc.json", ".vault-token", ".bashrc", ".profile", ".config/autostart/x.desktop", "notes.txt", "Library/Keychains/login.keychain-db", "Library/Cookies/Cookies.binarycookies",
] as const;

export interface World { path: string; home: string; app: string; work: string; data: string; layer: string; grants: FolderMount[]; canary: string; fingerprint(): string; remove(): void }

export function makeWorld(person: Person): World {
  const path = ownDirectory(person);
  const canary = `canary-${randomBytes(12).toString("hex")}`;
  const home = join(path, "home");
  const documents = join(home, "Documents");
  const [app, work, data, layer] = [join(documents, "app"), join(documents, "work"), join(home, ".local/share/bulkhead"), join(path, "layer")];
  const files = [
    ...secretNames.map((name) => join(home, name)), join(data, "feed.db"), join(data, "settings.json"), join(documents, "app-secrets/plain.txt"), join(documents, "app2/plain.txt"), join(path, "note.txt"),
    join(work, "existing/.git/config"), join(work, "existing/.git/hooks/pre-commit"), join(work, "existing/.vscode/tasks.json"),
  ];
  for (const file of files) put(file, `${canary} ${file}\n`);
  for (const folder of [app, work]) {
    put(join(folder, "plain.txt"), "granted\n");
    put(join(folder, "deep/er/plain.txt"), "granted\n");
  }
  mkdirSync(join(layer, "upper"), { recursive: true });
  mkdirSync(join(layer, "work"), { recursive: true });
  give(person, path);
  return {
    path, home, app, work, data, layer, canary, grants: [mount(app, "read"), mount(work, "edit", layer)],
    fingerprint: () => fingerprint(home) + fingerprint(join(path, "note.txt")),
    remove: () => removeTree(path),
  };
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Names, kinds, modes, sizes, contents and link targets of a whole tree. */
export function fingerprint(path: string): string {
  const hash = createHash("sha256");
  const walk = (at: string): void => {
    const found = lstatSync(at);
    hash.update(`${at}\0${found.mode}\0${found.uid}\0`);
    if (found.isDirectory()) for (const name of readdirSync(at).sort()) walk(join(at, name));
    else if (found.isFile()) hash.update(readFileSync(at));
    else if (found.isSymbolicLink()) hash.update(readlinkSync(at));
  };
  walk(path);
  return hash.digest("hex");
}

/** One word of bash, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export interface Sums { cases: number; contained: number; controls: number; benign: number }
export interface Tally {
  /** One try to get out, counted when it is tried and as contained only when it held; after it the expectation that says the same. Returns `held`. */
  tried(name: string, held: boolean): boolean;
  /** After the expectations: `contained` of the tries to get out stayed inside (all of them, unless said), `controls` reached what they tried. */
  add(tries: number, controls: number, contained?: number): void;
  /** Ordinary work that worked. */
  addBenign(worked: number): void;
  print(): void;
}

/** How much was tried: one line at the end of each file, and a note for the sum over all of them (total.ts). A file that opens and never prints is a failure there. */
export function openTally(name: string): Tally {
  const sums: Sums = { cases: 0, contained: 0, controls: 0, benign: 0 };
  const note = join(inject("tallies"), encodeURIComponent(name));
  const write = (finished: boolean): void => writeFileSync(note, JSON.stringify({ name, file: expect.getState().testPath, finished, ...sums }));
  write(false);
  const reached: string[] = [];
  const total = (): number => sums.cases + sums.controls + sums.benign;
  let before = 0;
  beforeEach(() => void (before = total()));
  afterEach(({ task }) => {
    // A test that failed is a case that was not contained, whatever it had counted; one that passed and counted nothing said nothing.
    if (task.result?.state === "fail") {
      sums.cases += 1;
      reached.push(task.name);
    } else if (total() === before) throw new Error(`«${task.name}» counted nothing`);
  });
  return {
    tried(one, held) {
      sums.cases += 1;
      if (held) sums.contained += 1;
      else reached.push(one);
      return held;
    },
    add(tries, controls, contained = tries) {
      sums.cases += tries;
      sums.contained += contained;
      sums.controls += controls;
    },
    addBenign: (worked) => void (sums.benign += worked),
    print() {
      write(true);
      process.stdout.write(`confinement: ${name}: ${told(sums)}${reached.length > 0 ? `; REACHED: ${reached.join(", ")}` : ""}\n`);
    },
  };
}

const told = (sums: Sums): string => `cases ${sums.cases}, contained ${sums.contained}, controls that reached ${sums.controls}, benign that worked ${sums.benign}`;
