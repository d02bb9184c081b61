/** Every tool of our agent. Adding one is a file beside this one and a line here. */
import { append } from "./append.ts";
import { remove } from "./delete.ts";
import { edit } from "./edit.ts";
import { fetchPage } from "./fetch.ts";
import { list } from "./list.ts";
import { move } from "./move.ts";
import { organise } from "./organise.ts";
import { plan } from "./plan.ts";
import { read } from "./read.ts";
import { run } from "./run.ts";
import { search } from "./search.ts";
import { summarise } from "./summarise.ts";
import type { AgentTool } from "./tool.ts";
import { write } from "./write.ts";

export const toolbox: readonly AgentTool[] = [list, read, write, append, edit, remove, move, search, run, fetchPage, summarise, organise, plan];
