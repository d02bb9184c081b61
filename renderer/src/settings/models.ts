/** The models a person may choose; any other of the provider's is accepted on the command line. */
export const models = [
  { id: "practice", name: undefined },
  { id: "anthropic/claude-sonnet-4-5", name: "Claude Sonnet 4.5" },
  { id: "anthropic/claude-opus-4-5", name: "Claude Opus 4.5" },
  { id: "anthropic/claude-haiku-4-5", name: "Claude Haiku 4.5" },
] as const;

/** The name under which the provider's key lies in the vault. */
export const keyName = "anthropic";
