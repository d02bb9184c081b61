/** Why something was refused or failed, and what to do if it was wanted. One sentence per reason of the protocol's closed list. */
export const enReasons = {
  "reason.no-rule": "No site on the desk allows this. Add the site if you want it.", "reason.address-not-allowed": "That name leads to a private address of your network. It cannot be reached.", "reason.bad-request": "The request was malformed.",
  "reason.secret-host-mismatch": "That key belongs to another site. It was not sent.", "reason.upstream-failed": "The site did not answer.", "reason.protected-path": "A protected file. It is never changed by the agent.",
  "reason.folder-too-broad": "Too much would be handed over. Choose a folder inside it.", "reason.folder-is-key-store": "Keys are kept there. It cannot be handed over.", "reason.folder-is-home": "That is your whole home. Choose a folder inside it.",
  "reason.folder-is-other-home": "That belongs to another person.", "reason.folder-is-ours": "Bulkhead keeps its own data there.", "reason.folder-missing": "The folder is not there.", "reason.folder-not-a-folder": "That is not a folder.",
  "reason.folder-unreadable": "You cannot open this folder yourself.", "reason.folder-changed": "Another folder stands in its place now. Hand it over again.", "reason.bad-path": "That is not a usable path.", "reason.no-containment": "This computer cannot confine the agent, so it did not start.",
  "reason.stopped-by-person": "You stopped it.", "reason.time-was-up": "The time allowed was up.", "reason.limit": "A limit was reached.", "reason.agent-crashed": "The agent ended unexpectedly. What it changed is staged.",
  "reason.agent-malformed": "The agent sent something that makes no sense. It was dropped.", "reason.model-failed": "The model did not answer.", "reason.no-key": "No key is stored for this model. Add one in the settings.", "reason.disk-full": "The disk is full.",
  "reason.conflict": "You changed this file meanwhile. It was left as it is.", "reason.person-said-no": "You said no.", "reason.cancelled": "It was cancelled.", "reason.interrupted": "It was interrupted.",
} as const;
