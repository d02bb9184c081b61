/** What the practice model says, in the language it was asked in. It is honest about what it is. */
export interface Done {
  text: string;
  result: string;
  failed: boolean;
}

const chinese = (text: string): boolean => /\p{Script=Han}/u.test(text);

export function unknownAnswer(asked: string, unknown: readonly string[]): string {
  const which = unknown.slice(0, 5).map((one) => `> ${one.slice(0, 200)}`).join("\n");
  return chinese(asked)
    ? `我是练习模型:没有人工智能,只会逐字执行指令。这些我不认识,什么也没有做:\n\n${which}\n\n我认识的指令(每行一条,或用「然后」连接):\n\n${known.map((one) => `- \`${one.zh}\``).join("\n")}`
    : `I am the practice model: no AI, I do literally what I am told. This I do not know, so nothing was done:\n\n${which}\n\nWhat I know (one instruction a line, or joined by “then”):\n\n${known.map((one) => `- \`${one.en}\``).join("\n")}`;
}

export function finalAnswer(asked: string, done: readonly Done[]): string {
  const zh = chinese(asked);
  const lines = done.map((one) => {
    const head = one.failed ? (zh ? `**没有成功**:${one.text}` : `**Did not work:** ${one.text}`) : `**${one.text}**`;
    const result = one.result.trim();
    const shown = result.length > 1500 ? `${result.slice(0, 1500)}\n…` : result;
    return shown === "" ? head : `${head}\n\n\`\`\`\n${shown.replaceAll("```", "'''")}\n\`\`\``;
  });
  const end = zh ? "(练习模型:没有人工智能,只会逐字执行指令。)" : "(Practice model: no AI, it does literally what it is told.)";
  return [...lines, end].join("\n\n");
}

const known = [
  { en: "list [PATH]", zh: "列出 [路径]" }, { en: "read PATH", zh: "读取 路径" }, { en: "write PATH: TEXT", zh: "写入 路径: 文字" },
  { en: "append PATH: TEXT", zh: "追加 路径: 文字" }, { en: "delete PATH", zh: "删除 路径" }, { en: "move A to B", zh: "移动 A 到 B" },
  { en: "find TEXT [in PATH]", zh: "查找 文字 [在 路径]" }, { en: "run: COMMAND", zh: "运行: 命令" }, { en: "fetch URL", zh: "获取 网址" },
  { en: "summarise PATH", zh: "总结 路径" }, { en: "organise FOLDER by type|month", zh: "整理 文件夹 按 类型|月份" }, { en: "follow PATH", zh: "照做 路径" },
] as const;
