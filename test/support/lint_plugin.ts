/**
 * The project's own lint rules: programs never import one another, core imports no program, and no file of a
 * program reaches into test/. `cli/` alone may import every program.
 */

const PROGRAMS = ["agent", "transfer", "monitor", "search"];

/** Why `from` may not import `specifier`, or undefined where it may. */
export function forbidden(fromPath: string, specifier: string, root: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const from = new URL(`file://${fromPath}`);
  const target = new URL(specifier, from).pathname;
  const base = root.endsWith("/") ? root : `${root}/`;
  const top = (path: string) => path.startsWith(base) ? path.slice(base.length).split("/")[0] : "";
  const source = top(from.pathname), dest = top(target);
  if (source === "" || dest === "" || source === dest) return undefined;
  if (source === "core") {
    return `core imports no program and no other folder, but this imports ${dest}/`;
  }
  if (PROGRAMS.includes(source) && dest !== "core" && !/_test\.tsx?$/.test(fromPath)) {
    return `${source}/ may import core/ only, but this imports ${dest}/`;
  }
  if (PROGRAMS.includes(source) && PROGRAMS.includes(dest)) {
    return `${source}/ must not import ${dest}/`;
  }
  if (source === "cli" && dest === "test") return "cli/ must not import test/";
  return undefined;
}

const root = new URL("../../", import.meta.url).pathname;

export default {
  name: "weir",
  rules: {
    "folder-boundaries": {
      create(context: any) {
        const check = (node: any) => {
          const specifier = node.source?.value;
          if (typeof specifier !== "string") return;
          const why = forbidden(context.filename, specifier, root);
          if (why !== undefined) context.report({ node, message: why });
        };
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
        };
      },
    },
  },
};
