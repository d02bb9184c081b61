/** Names that other programs run or obey. Judged by name alone, wherever they stand, present before or not. Pure. */

/** A name as a file system that folds case or Unicode might take it: the looser reading decides. */
export function folded(name: string): string {
  const plain = name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}|[\u2028\u2029]/gu, "");
  // What follows a colon names a stream of the same file where NTFS is written to.
  return plain.toLowerCase().replace(/^(\.[^:]*):.*$/s, "$1").replace(/::\$.*$/s, "").replace(/[. ]+$/, "").replace(/^git~\d+$/, ".git") || name;
}

const folders = new Set([
  ".vscode", ".idea", ".zed", ".fleet", ".claude", ".cursor", ".codex", ".gemini", ".windsurf", ".continue", ".opencode", ".kiro", ".roo", ".qwen", ".trae", ".amazonq", ".husky", ".devcontainer", ".bulkhead", ".cargo", ".hg", ".vim", ".emacs.d",
  "launchagents", "launchdaemons", "autostart", "autostart-scripts", "xlstart", ".ssh", ".gnupg",
]);
const files = new Set([
  ".mcp.json", ".envrc", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".pnp.cjs", ".pypirc", ".netrc", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc", ".zprofile",
  ".zshenv", ".zlogin", ".zlogout", ".login", ".cshrc", ".tcshrc", ".kshrc", ".mkshrc", ".inputrc", ".xinitrc", ".xprofile", ".xsession", ".xsessionrc", ".pam_environment", ".gitmodules", ".gitconfig", ".git-credentials", ".vimrc", ".exrc", ".nvimrc",
  ".nvim.lua", ".emacs", ".tmux.conf", ".screenrc", ".gdbinit", ".lldbinit", ".psqlrc", ".sqliterc", ".rprofile", ".irbrc", ".pryrc", ".pdbrc", ".hgrc", ".wgetrc", ".curlrc", ".mise.toml", "mise.toml", ".aider.conf.yml", "opencode.json",
]);
const endings = [".desktop", ".xlam", ".xla", ".dotm", ".ppam", ".code-workspace", ".sublime-project"];
/** Folders known by two names: below the person's configuration. */
const pairs = /(?:^|\/)(?:\.config\/(?:git|systemd|fish|nvim|environment\.d)|\.local\/share\/(?:applications|systemd)|microsoft\/(?:word|excel|powerpoint)\/startup)(?:\/|$)/;
/** Inside a repository's own folder (or a bare one): what git runs or obeys. */
export const inGit = /^(?:hooks|config|config\.worktree|commondir|gitdir|modules|worktrees|info\/attributes|rebase-merge|rebase-apply|sequencer)(?:\/|$)/;
const flagged = new Set([
  "agents.md", "claude.md", "gemini.md", "makefile", "gnumakefile", "justfile", "rakefile", "cmakelists.txt", "package.json", "gulpfile.js", "gruntfile.js", "conftest.py", "sitecustomize.py", "usercustomize.py", "setup.py", "setup.cfg", "pyproject.toml",
  "tox.ini", "noxfile.py", "build.gradle", "build.gradle.kts", "settings.gradle", "pom.xml", "build.rs", "gemfile", "composer.json", "dockerfile", "procfile", "compose.yml", "compose.yaml", "docker-compose.yml", "vagrantfile", ".gitattributes",
  ".pre-commit-config.yaml", ".gitlab-ci.yml", ".cursorrules", ".windsurfrules", ".clinerules", "desktop.ini", "autorun.inf",
]);
const flaggedEndings = [".pth", ".lnk", ".url", ".scf", ".bat", ".cmd", ".ps1", ".vbs", ".hta", ".reg", ".exe", ".msi", ".scr", ".command", ".webloc", ".docm", ".xlsm", ".xlsb", ".pptm"];

/** The rule that keeps `path` (relative, `/` between its parts) staged for ever, in plain words; undefined where it may be applied. */
export function protectedRule(path: string): string | undefined {
  // Where the folder reaches Windows a backslash divides names too.
  const parts = path.split(/[/\\]/).map(folded);
  const last = parts.at(-1) ?? "";
  const git = parts.indexOf(".git");
  const obeyed = parts.some((part, index) => part === ".git" && inGit.test(parts.slice(index + 1).join("/")));
  if (obeyed) return "git would run or obey it";
  // Below .git every other name is git's own: a branch may be called «autostart».
  const folder = parts.slice(0, git < 0 ? undefined : git).find((part) => folders.has(part) || shortFor(part));
  if (folder) return `other programs run what lies in ${folder}`;
  if (git >= 0) return undefined;
  if (pairs.test(parts.join("/"))) return "other programs run or obey what lies there at their start";
  if (files.has(last) || endings.some((ending) => last.endsWith(ending))) return "other programs run or obey it at their start";
  return undefined;
}

/** The short name that Windows gives a folder of the list: VSCODE~1. */
function shortFor(name: string): boolean {
  const stem = /^([^~]{1,6})~\d+$/.exec(name)?.[1];
  return stem !== undefined && [...folders].some((folder) => folder.replaceAll(".", "").slice(0, 6) === stem);
}

/** Files that run on the person's machine later, by their own will: applied, but shown as such. */
export function runsLater(path: string): boolean {
  const parts = path.split("/").map(folded);
  const last = parts.at(-1) ?? "";
  return flagged.has(last) || flaggedEndings.some((ending) => last.endsWith(ending)) || parts.join("/").includes(".github/workflows/");
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
