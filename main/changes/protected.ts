/** Names that other programs run or obey. Judged by name alone, wherever they stand, present before or not. Pure. */

/** A name as a file system that folds case or Unicode might take it: the looser reading decides. */
export function folded(name: string): string {
  const plain = name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}|[\u2028\u2029]/gu, "");
  return plain.toLowerCase().replace(/[. ]+$/, "").replace(/^git~\d+$/, ".git") || name;
}

const folders = new Set([".vscode", ".idea", ".claude", ".cursor", ".codex", ".gemini", ".husky", ".devcontainer", ".bulkhead", "launchagents", "launchdaemons", "autostart", "xlstart", ".ssh", ".gnupg"]);
const files = new Set([
  ".mcp.json", ".envrc", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".netrc", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc", ".zprofile",
  ".zshenv", ".zlogin", ".zlogout", ".login", ".cshrc", ".kshrc", ".inputrc", ".xinitrc", ".xprofile", ".pam_environment", ".gitmodules", ".gitconfig", ".git-credentials", ".vimrc", ".exrc", ".nvimrc", ".tmux.conf",
]);
const endings = [".desktop", ".xlam", ".xla", ".dotm", ".code-workspace"];
/** Inside a repository's own folder (or a bare one): what git runs or obeys. */
export const inGit = /^(?:hooks|config|config\.worktree|commondir|gitdir|modules|worktrees|info\/attributes)(?:\/|$)/;
const flagged = new Set(["agents.md", "claude.md", "gemini.md", "makefile", "package.json", "conftest.py", "sitecustomize.py", "build.gradle", "dockerfile", ".gitattributes", "setup.py", "justfile"]);

/** The rule that keeps `path` (relative, `/` between its parts) staged for ever, in plain words; undefined where it may be applied. */
export function protectedRule(path: string): string | undefined {
  const parts = path.split("/").map(folded);
  const last = parts.at(-1) ?? "";
  const git = parts.indexOf(".git");
  const obeyed = parts.some((part, index) => part === ".git" && inGit.test(parts.slice(index + 1).join("/")));
  if (obeyed) return "git would run or obey it";
  // Below .git every other name is git's own: a branch may be called «autostart».
  const folder = parts.slice(0, git < 0 ? undefined : git).find((part) => folders.has(part));
  if (folder) return `other programs run what lies in ${folder}`;
  if (git >= 0) return undefined;
  if (/(?:^|\/)microsoft\/(?:word|excel)\/startup\//.test(parts.join("/"))) return "Office would run it at its start";
  if (files.has(last) || endings.some((ending) => last.endsWith(ending))) return "other programs run or obey it at their start";
  return undefined;
}

/** Files that run on the person's machine later, by their own will: applied, but shown as such. */
export function runsLater(path: string): boolean {
  return flagged.has(folded(path.split("/").at(-1) ?? "")) || path.endsWith(".pth");
}

/** The samples that `git init` puts beside the hooks: dropped without a word. */
export const isHookSample = (path: string): boolean => /(?:^|\/)\.git\/hooks\/[^/]+\.sample$/.test(path);

const inert = new Set(["repositoryformatversion", "filemode", "bare", "logallrefupdates", "ignorecase", "precomposeunicode", "symlinks"]);

/** A new repository's config rewritten from a closed list of keys that make git run nothing. */
export function inertGitConfig(text: string): string {
  const kept: string[] = [];
  let core = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[(.*)\]\s*$/.exec(line);
    if (section) core = section[1]?.trim().toLowerCase() === "core";
    const key = /^\s*([A-Za-z]+)\s*=\s*(true|false|0)\s*$/.exec(line);
    if (core && key?.[1] && inert.has(key[1].toLowerCase()) && !(key[1].toLowerCase() === "bare" && key[2] !== "false")) kept.push(`\t${key[1].toLowerCase()} = ${key[2]}`);
  }
  return `[core]\n${[...new Set(kept)].join("\n")}\n`;
}
