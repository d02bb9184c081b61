import { expect, test } from "vitest";
import { inertGitConfig, protectedRule, runsLater } from "../../main/changes/protected.ts";

test.each([
  ".git/hooks/pre-commit", ".git/config", ".GIT/config", ".Git/hooks/x", "a/b/c/.git/hooks/post-checkout", ".git /hooks/x", ".git./config", ".g\u200cit/config", "git~1/config",
  ".git/worktrees/w/config.worktree", ".git/modules/sub/config", ".git/info/attributes", ".git/commondir", ".vscode/tasks.json", ".VSCODE/settings.json", ".idea/x", ".claude/settings.json",
  ".cursor/mcp.json", ".cUrSoR/mcp.json", ".codex/config.toml", ".gemini/settings.json", ".mcp.json", ".envrc", ".npmrc", "sub/.bashrc", ".zshenv", "x.desktop", "autostart/y", "Library/LaunchAgents/z.plist",
  "AppData/Roaming/Microsoft/Word/STARTUP/a.dot", "XLSTART/a.xlsx", ".gitmodules", "．vscode/tasks.json", ".bulkhead/rules.json", ".git/hooks/.git/x", ".vscode/.git/x", ".git::$INDEX_ALLOCATION/config", ".vscode:x/tasks.json", "VSCODE~1/tasks.json", "a\\.git\\hooks\\x", ".git/rebase-merge/git-rebase-todo", ".config/git/config", ".config/systemd/user/x.service", ".cargo/config.toml", ".hg/hgrc",
])("%s never leaves the staging layer", (path) => {
  expect(protectedRule(path)).toBeTypeOf("string");
});

test.each([".git/HEAD", ".git/refs/heads/autostart", ".git/objects/ab/cd", ".git/refs/heads/main", ".git/index", "src/config", "hooks/readme.md", "AGENTS.md", "git/config", "config", "envrc", "发票.xlsx", ".gitignore", "10:30 notes.txt", "BUDGET~1.xlsx", "a\\b.txt", ".config/app/settings.json"])("%s is ordinary work", (path) => {
  expect(protectedRule(path)).toBeUndefined();
});

test("files that run later are flagged", () => {
  expect(["AGENTS.md", "sub/Makefile", "package.json", "a.pth", "notes.md"].map(runsLater)).toEqual([true, true, true, true, false]);
});

test("a new repository's config keeps only keys that make git run nothing", () => {
  const hostile = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tfsmonitor = touch /tmp/pwn\n\thooksPath = /x\n[core "x"]\n\tbare = true\n[alias]\n\tx = !sh\n[core]\n\tsshCommand = sh\n\tlogallrefupdates = true\n';
  expect(inertGitConfig(hostile)).toBe("[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n");
});
