import { expect, test } from "vitest";
import { takeBuiltinsAsObjects } from "../../build/host.mjs";

test("named imports of builtins become reads of the builtin's object; everything else stays", () => {
  const code = 'import{a as b,c}from"node:http";import{x as y}from"./core.mjs";import z from"node:path";import*as w from"node:fs";const q="import{a}from\\"node:x\\"";';
  expect(takeBuiltinsAsObjects(code)).toBe('const {a:b,c}=process.getBuiltinModule("node:http");import{x as y}from"./core.mjs";import z from"node:path";import*as w from"node:fs";const q="import{a}from\\"node:x\\"";');
});
