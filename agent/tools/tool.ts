/** What a tool is: a name and a schema for the model, a title for the person, and the work. A tool that cannot do its work throws an Error whose message says why. */
import type { z } from "zod";
import type { PlanEntry } from "../../protocol/conversation.ts";

export interface ToolContext {
  /** Relative paths resolve against it: the first granted folder. */
  directory: string;
  signal: AbortSignal;
  /** Where the next command starts; kept between commands. */
  shell: { directory: string };
  showPlan(entries: PlanEntry[]): void;
  /** Live output, to the terminal that the person can look at. */
  print(text: string): void;
}

export interface ToolAnswer {
  text: string;
  image?: { base64: string; mediaType: string };
}

export type ToolKind = "read" | "edit" | "delete" | "move" | "search" | "execute" | "fetch" | "think" | "other";

export interface AgentTool {
  name: string;
  kind: ToolKind;
  description: string;
  input: z.ZodType;
  /** Throws where `input` does not fit the schema. */
  title(input: unknown): string;
  run(input: unknown, context: ToolContext): Promise<ToolAnswer>;
}

interface Definition<I> {
  name: string;
  kind: ToolKind;
  description: string;
  input: z.ZodType<I>;
  title(input: I): string;
  run(input: I, context: ToolContext): Promise<string | ToolAnswer>;
}

/** Ties the schema to the work: nothing reaches `run` that was not parsed. */
export function defineTool<I>(definition: Definition<I>): AgentTool {
  return {
    name: definition.name, kind: definition.kind, description: definition.description, input: definition.input,
    title: (input) => definition.title(definition.input.parse(input)),
    async run(input, context) {
      const answer = await definition.run(definition.input.parse(input), context);
      return typeof answer === "string" ? { text: answer } : answer;
    },
  };
}
