/** FSW-01, -02, -05, -06, -08, PER-01, PER-02, SYM-06: what the staging layer never lets out, judged by the person's folder after everything was applied. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildParts, makeDesk } from "../changes/makeDesk.ts";
import { give, outside, ownDirectory, people, type Person } from "./person.ts";
import { fingerprint, openTally, quoted } from "./world.ts";

const tally = openTally("staging (FSW, PER-01/02)");
beforeAll(buildParts);
const crowd = await people();
afterAll(() => {
  crowd.remove();
  tally.print();
});

interface Done { said: string; listed: string[]; applied: string[]; refused: string[] }

/** The whole job as `person`: the person's own script fills the folder, the agent's runs contained, then everything is applied. */
async function job(person: Person, script: string, fill: string): Promise<Done & { folder: string }> {
  const root = resolve(import.meta.dirname, "../..");
  for (const part of ["main/changes", "main/grants", "test/changes", "dist/changesWorker.mjs"]) cpSync(join(root, part), join(person.program, part), { recursive: true });
  execFileSync("/bin/chmod", ["-R", "a+rX", person.program]);
  const base = ownDirectory(person);
  give(person, base);
  const ran = await outside(person, [person.node, join(person.program, "test/changes/oneJob.ts"), base, join(person.program, "dist"), `echo STARTED; ${script}`, fill]);
  if (ran.code !== 0) throw new Error(`the job did not run: ${ran.stderr}`);
  const done = JSON.parse(ran.stdout) as Done;
  if (!/STARTED[^]*FINISHED/.test(done.said)) throw new Error(`the agent did not run: ${done.said}`);
  return { ...done, folder: join(base, "files") };
}

const present = `
git init -q . && git config user.email a@b && git config user.name a && echo '#!/bin/sh' > .git/hooks/pre-commit && git commit -q --allow-empty -m first
mkdir -p .vscode wt gitstuff/objects gitstuff/refs old/deep; echo mine > .vscode/tasks.json; echo mine > .envrc; echo '[submodule "x"]' > .gitmodules
echo 'gitdir: ../gitstuff' > wt/.git; echo 'ref: refs/heads/main' > gitstuff/HEAD; echo '[core]' > gitstuff/config; ln -s .vscode safe; ln -s .git/hooks/pre-commit notes; echo mine > old/settings.json; echo mine > old/deep/tasks.json`;
const touched = [".vscode/tasks.json", ".envrc", ".git/config", ".git/hooks/pre-commit", ".gitmodules", "wt/.git", "gitstuff/config"];
/** Each line makes what stands before the colon; it must be flagged in the list and stay out of the folder. */
const attacks: [string, string][] = [
  ["edited .vscode/tasks.json", "echo evil >> .vscode/tasks.json"], ["created .vscode/settings.json", "echo evil > safe/settings.json"], ["edited .envrc", "echo evil > n; mv n .envrc"], ["edited .git/config", "git config core.fsmonitor 'touch pwn'"],
  ["edited .git/hooks/pre-commit", "echo evil >> notes"], ["deleted .gitmodules", "rm .gitmodules"], ["edited wt/.git", "echo 'gitdir: ../evil' > wt/.git"], ["edited gitstuff/config", "echo evil >> gitstuff/config"],
  ["created gitstuff/hooks/post-update", "mkdir gitstuff/hooks; echo evil > gitstuff/hooks/post-update"], ["created gitstuff/commondir", "echo ../evil > gitstuff/commondir"],
  ["created .npmrc", "echo evil > plain; ln plain .npmrc"], ["created .mcp.json", "ln -s plain .mcp.json"], ["created .idea", "ln -s old .idea"], ["created l/.git/config", "mkdir -p l/.git; ln -s ../../plain l/.git/config"],
  ["created nested/.git/hooks/pre-commit", "mkdir -p nested x/hooks; echo evil > x/hooks/pre-commit; mv x nested/.git"], ["created e2/.vscode/tasks.json", "mkdir -p e1/code; echo evil > e1/code/tasks.json; mv e1/code e1/.vscode; mv e1 e2"],
  ["renamed .claude/settings.json", "mv old .claude"], ["renamed .claude/deep/tasks.json", ":"],
  ["created d1/.GIT/config", "mkdir -p d1/.GIT; echo evil > d1/.GIT/config"], ["created d2/.g\u200cit/config", "mkdir -p d2/.g\u200cit; echo evil > d2/.g\u200cit/config"], ["created d3/.git./config", "mkdir -p d3/.git.; echo evil > d3/.git./config"],
  ["created d4/.git /hooks/x", "mkdir -p 'd4/.git /hooks'; echo evil > 'd4/.git /hooks/x'"], ["created d5/git~1/config", "mkdir -p d5/git~1; echo evil > d5/git~1/config"], ["created d6/.VSCODE/tasks.json", "mkdir -p d6/.VSCODE; echo evil > d6/.VSCODE/tasks.json"],
  ["created d7/．vscode/tasks.json", "mkdir -p d7/．vscode; echo evil > d7/．vscode/tasks.json"], ["created d8/VSCODE~1/tasks.json", "mkdir -p d8/VSCODE~1; echo evil > d8/VSCODE~1/tasks.json"], ["created d9/.git::$INDEX_ALLOCATION/config", "mkdir -p 'd9/.git::$INDEX_ALLOCATION'; echo evil > 'd9/.git::$INDEX_ALLOCATION/config'"],
  ["created da/.git\\hooks\\x", "mkdir da; echo evil > 'da/.git\\hooks\\x'"], ["created db/.cUrSoR/mcp.json", "mkdir -p db/.cUrSoR; echo evil > db/.cUrSoR/mcp.json"], ["created dc/.bash\u00adrc", "mkdir dc; echo evil > dc/.bash\u00adrc"], ["created dd/.profile\u200b", "mkdir dd; echo evil > dd/.profile\u200b"],
  ["created sub/.git", "mkdir sub; echo 'gitdir: ../plain' > sub/.git"], ["created .git/modules/x/config", "mkdir -p .git/modules/x; echo evil > .git/modules/x/config"], ["created .git/commondir", "echo ../x > .git/commondir"], ["created .git/info/attributes", "mkdir -p .git/info; echo '* filter=x' > .git/info/attributes"],
  ["created .git/worktrees/w/gitdir", "mkdir -p .git/worktrees/w; echo x > .git/worktrees/w/gitdir"], ["created .git/config.worktree", "echo evil > .git/config.worktree"], ["created .git/rebase-merge/git-rebase-todo", "mkdir .git/rebase-merge; echo 'exec touch pwn' > .git/rebase-merge/git-rebase-todo"],
  ["created HEAD", "echo 'ref: refs/heads/main' > HEAD"], ["created objects/x", "mkdir objects; echo x > objects/x"], ["created refs/x", "mkdir refs; echo x > refs/x"], ["created config", "printf '[core]\\n\\tfsmonitor = touch pwn\\n' > config"], ["created hooks/post-checkout", "mkdir hooks; echo evil > hooks/post-checkout"],
  ["created x.desktop", "echo evil > x.desktop"], ["created autostart/y", "mkdir autostart; echo evil > autostart/y"], ["created .config/systemd/user/x.service", "mkdir -p .config/systemd/user; echo evil > .config/systemd/user/x.service"],
  ["created pipe", "mkfifo pipe"], ["created socket", "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket\")'"], ["created out", "ln -s ../../x out"], ["created away", "ln -s /etc/passwd away"],
];
/** Leave the folder by a link: refused when applied; a link is no protected name. */
const onlyRefused = ["created out", "created away"];
/** Cannot go while what would leave them is refused. */
const emptied = ["old", "old/deep"];
const ordinary: [string, string][] = [
  ["created fine.txt", "echo fine > fine.txt"], ["created plain", ":"], ["edited a", "echo more >> a"], ["deleted b", "rm b"], ["created tool ~", "cp /bin/true tool; chmod 6755 tool"], ["created shared/in", "mkdir -m 7777 shared; echo x > shared/in; chmod 7777 shared"],
  ["created AGENTS.md ~", "echo x > AGENTS.md"], ["created .gitattributes ~", "echo x > .gitattributes"], ["created package.json ~", "echo '{}' > package.json"], ["created Makefile ~", "echo x > Makefile"], ["created conftest.py ~", "echo x > conftest.py"], ["created x.pth ~", "echo x > x.pth"], ["created 发票.txt", "echo x > 发票.txt"],
];

describe.each(crowd.people)("as $name", (person) => {
  test("protected names, present or absent, by any way and in any spelling, are flagged and never leave the layer; the rest does", async () => {
    const done = await job(person, [...attacks, ...ordinary].map(([, script]) => script).join("\n"), present);
    const names = (lines: [string, string][]): string[] => lines.map(([line]) => line);
    expect([...names(attacks), ...names(ordinary)].filter((line) => !done.listed.includes(line) && !done.listed.includes(`${line} !`))).toEqual([]);
    expect(names(attacks).filter((line) => !done.listed.includes(`${line} !`) && !onlyRefused.includes(line)), "flagged in the list").toEqual([]);
    const pathOf = (line: string): string => line.replace(/^\w+ /, "").replace(/ ~$/, "");
    expect(done.refused.sort(), "refused when applied").toEqual([...names(attacks).map(pathOf), ...emptied].sort());
    expect(names(ordinary).map(pathOf).filter((path) => !done.applied.includes(path))).toEqual([]);
    const now = touched.map((path) => readFileSync(join(done.folder, path), "utf8"));
    expect(now.filter((text) => text.includes("evil") || text.includes("pwn"))).toEqual([]);
    const odd = execFileSync("/usr/bin/find", [done.folder, "-perm", "/7000", "-o", "-type", "p", "-o", "-type", "s", "-o", "-type", "b", "-o", "-type", "c"], { encoding: "utf8" });
    expect(odd).toBe("");
    expect(lstatSync(join(done.folder, "tool")).mode & 0o7777).toBe(0o755);
    // The judge that the rules are for: git, as the person runs it, obeys nothing of the agent's.
    const git = await outside(person, ["/usr/bin/git", "-C", done.folder, "status", "--porcelain"], { env: { GIT_CONFIG_NOSYSTEM: "1" } });
    expect([git.code, existsSync(join(done.folder, "pwn")), existsSync("/pwn")]).toEqual([0, false, false]);
    tally.add(attacks.length, ordinary.length);
    tally.addBenign(ordinary.length);
  });
});

test("a bare repository made in steps never comes together, in whatever order", async () => {
  const parts: { [name: string]: string } = { config: "printf '[core]\\n\\tbare = true\\n' > config", HEAD: "echo 'ref: refs/heads/main' > HEAD", objects: "mkdir objects; touch objects/x", refs: "mkdir refs; touch refs/x" };
  const orders = [["config", "HEAD", "objects", "refs"], ["objects", "refs", "config", "HEAD"], ["HEAD", "refs", "objects", "config"]];
  const isBare = (folder: string): boolean => spawnSync("/usr/bin/git", ["-C", folder, "-c", "safe.directory=*", "rev-parse", "--is-bare-repository"], { encoding: "utf8", env: { GIT_CEILING_DIRECTORIES: resolve(folder, "..") } }).stdout === "true\n";
  for (const order of orders) {
    const desk = makeDesk((folder) => writeFileSync(join(folder, "a"), "a"));
    for (const name of order) {
      await desk.agent(parts[name] ?? "");
      await desk.changes.apply("c");
    }
    expect([isBare(desk.folder), readdirSync(desk.folder).length < 5], order.join()).toEqual([false, true]);
  }
  const control = makeDesk(() => undefined);
  execFileSync("/bin/sh", ["-c", Object.values(parts).join("; ")], { cwd: control.folder });
  expect(isBare(control.folder)).toBe(true);
  tally.add(orders.length, 1);
}, 120_000);

test("destroyed inside, given back whole by discarding", async () => {
  const desk = makeDesk((folder) => {
    mkdirSync(join(folder, "deep/er"), { recursive: true });
    for (const name of ["a", ".hidden", "deep/er/b"]) writeFileSync(join(folder, name), name);
  });
  const before = fingerprint(desk.folder);
  const ways = ["rm -rf ./* ./.[!.]*", "git clean -fdx .; git init -q; git clean -fdxq", "for f in $(find . -type f); do : > $f; done", "find . -mindepth 1 -delete", "mv deep a .hidden /tmp", "chmod -R 000 a deep; true", "find . -type f -exec truncate -s 0 {} +", "rm -rf deep; echo x > deep", `ln -sf /etc/passwd a; ln -sfn / deep; mv ${quoted("a")} deep2`];
  for (const way of ways) {
    await desk.agent(`cd ${quoted(desk.folder)}; ${way}`);
    expect((await desk.list()).length, way).toBeGreaterThan(0);
    await desk.changes.discard("c");
    expect([fingerprint(desk.folder), await desk.list()], way).toEqual([before, []]);
  }
  tally.add(ways.length, ways.length);
}, 120_000);
