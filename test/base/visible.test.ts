import { expect, test } from "vitest";
import { visible } from "../../main/base/visible.ts";

test("control, bidi and invisible characters become visible", () => {
  expect(visible("a\u202ecod.exe\u001b[2J\n\u200b\u{e0041}")).toBe("a\\u{202e}cod.exe\\u{1b}[2J\\u{a}\\u{200b}\\u{e0041}");
});

test("ordinary text of any language stays as it is", () => {
  expect(visible("发票 – Übersicht ✓")).toBe("发票 – Übersicht ✓");
});

test("a long text is cut in the middle", () => {
  expect(visible("a".repeat(50) + "b".repeat(50), 10)).toBe("aaaaa … bbbbb");
});
