/** The proof on the page: one short line per id of the protocol's closed list. What was found comes from the host as it is. */
export const enProof = {
  "proof.button": "Prove it now", "proof.busy": "Proving…", "proof.date": "Proved {{date}}", "proof.explain": "Tries, inside a fresh sandbox with this desk, to reach what is fenced off; the same outside shows that the try was real.",
  "proof.ok": "Everything held: {{held}} of {{all}}.", "proof.bad": "Not everything held: {{held}} of {{all}}.",
  "proof.held": "holds", "proof.open": "a fence is missing", "proof.not-proved": "not proved", "proof.tried": "Tried: {{text}}", "proof.inside": "Inside: {{text}}", "proof.control": "Outside: {{text}}",
  "proof.line.home": "Your home", "proof.line.people": "Other people of this computer", "proof.line.temporary": "Temporary files", "proof.line.run": "The system's run directory", "proof.line.own": "Bulkhead's own settings and records",
  "proof.line.keychain": "The keychain", "proof.line.sockets": "Sockets of your session", "proof.line.network": "The network", "proof.line.broker": "Sites that you did not allow", "proof.line.processes": "Your other programs",
  "proof.line.shared-memory": "Memory shared between programs", "proof.line.environment": "The app's variables", "proof.line.descriptors": "Open files of the app", "proof.line.terminal": "Typing into a terminal",
  "proof.line.namespaces": "A sandbox within the sandbox", "proof.line.mounts": "Changing what is mounted", "proof.line.memory": "Other programs' memory", "proof.line.kernel-calls": "Dangerous kernel calls",
  "proof.line.kernel-settings": "The kernel's settings", "proof.line.rights": "The administrator's rights", "proof.line.set-uid": "Programs that run with another's rights", "proof.line.devices": "Devices", "proof.line.limits": "Limits",
  "proof.line.read-folders": "Folders handed over for reading", "proof.line.edit-folders": "Folders handed over for editing",
} as const;
