import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");
const documents = ["README.md", "SECURITY.md", "CONTRIBUTING.md", ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md")).map((name) => join("docs", name))];

test("every dependency has its sentence", () => {
  const pack = JSON.parse(read("package.json")) as { [part: string]: { [name: string]: string } };
  const wanted = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((part) => Object.keys(pack[part] ?? {}));
  const named = read("docs/dependencies.md").split("\n").filter((line) => /^\| [@a-z]/.test(line) && !line.startsWith("| package")).flatMap((line) => (line.split("|")[1] ?? "").split(",").map((name) => name.trim()));
  expect(wanted.filter((name) => !named.includes(name))).toEqual([]);
});

test("every link to a file and every path named in code leads to something", () => {
  const dead = documents.flatMap((document) => {
    const text = read(document);
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => join(dirname(document), match[1] ?? ""));
    const paths = [...text.matchAll(/`((?:main|agent|renderer|protocol|build|test|native-profiles)\/[\w./-]+)`/g)].map((match) => match[1] ?? "");
    return [...links, ...paths].filter((path) => !existsSync(join(root, path))).map((path) => `${document}: ${path}`);
  });
  // The picture is made by the journeys.
  expect(dead.filter((one) => !one.endsWith("docs/pictures/main-light.png"))).toEqual([]);
});
