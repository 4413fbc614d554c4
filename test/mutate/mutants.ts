/**
 * Finds the mutants of a source: small changes that its tests should notice. The syntax tree is the one that Deno's
 * linter hands to plugins, which there is only under `deno test`: `collect.ts` runs this there.
 */

/** One change: the text from `from` to `to` becomes `text`. */
export interface Mutant {
  from: number;
  to: number;
  text: string;
  /** "< to <=", for people. */
  what: string;
  /** Line in the source, from 1. */
  line: number;
  /** True where the range is a statement, false for an expression. */
  isStatement: boolean;
}

const BINARY: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "==": ["!="],
  "!=": ["=="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "**": ["*"],
  "&": ["|"],
  "|": ["&"],
  "^": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "&&": ["||"],
  "||": ["&&"],
  "??": ["&&"],
};
const ASSIGNMENTS: Readonly<Record<string, string>> = {
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "%=": "*=",
  "|=": "&=",
  "&=": "|=",
  "^=": "|=",
  "<<=": ">>=",
  ">>=": "<<=",
  ">>>=": "<<=",
  "??=": "=",
};

// deno-lint-ignore no-explicit-any
type Node = any;

/** All mutants of a source, in the order of their places. Only under `deno test`. */
export function mutantsOf(source: string): Mutant[] {
  const found: Mutant[] = [];
  const textOf = ({ range: [from, to] }: Node) => source.slice(from, to);
  const add = (node: Node, text: string, what: string, isStatement = false) => {
    const [from, to] = node.range;
    const line = source.slice(0, from).split("\n").length;
    found.push({ from, to, text, what, line, isStatement });
  };
  const binary = (node: Node) => {
    if (node.left.type === "PrivateIdentifier" || isText(node)) return;
    for (const other of BINARY[node.operator] ?? []) {
      const text = `(${textOf(node.left)}) ${other} (${textOf(node.right)})`;
      add(node, text, `${node.operator} to ${other}`);
    }
  };
  const never = (node: Node) => {
    if (node.test != null) add(node.test, "false", `${short(textOf(node.test))} to false`);
  };
  const visitors = {
    BinaryExpression: binary,
    LogicalExpression: binary,
    IfStatement: never,
    WhileStatement: never,
    ConditionalExpression: never,
    UnaryExpression(node: Node) {
      if (!["!", "-", "~"].includes(node.operator)) return;
      add(node, textOf(node.argument), `${node.operator} left out`);
    },
    UpdateExpression(node: Node) {
      const other = node.operator === "++" ? "--" : "++", of = textOf(node.argument);
      add(node, node.prefix ? other + of : of + other, `${node.operator} to ${other}`);
    },
    AssignmentExpression(node: Node) {
      const other = ASSIGNMENTS[node.operator];
      if (other === undefined) return;
      const text = `${textOf(node.left)} ${other} ${textOf(node.right)}`;
      add(node, text, `${node.operator} to ${other}`);
    },
    Literal(node: Node) {
      if (isName(node)) return;
      const { value } = node;
      if (typeof value === "boolean") add(node, String(!value), `${value} to ${!value}`);
      if (typeof value !== "number") return;
      const text = textOf(node); // 1_000 has no value in this tree
      add(node, `${text} + 1`, `${text} to ${text} + 1`);
    },
    ExpressionStatement(node: Node) {
      const { type, callee } = node.expression;
      if (type === "Literal" || callee?.type === "Super") return;
      add(node, ";", `${short(textOf(node))} left out`, true);
    },
  };
  const plugin = { name: "mutate", rules: { mutate: { create: () => visitors } } };
  // deno-lint-ignore no-explicit-any
  (Deno as any).lint.runPlugin(plugin, "source.ts", source);
  return found.sort((a, b) => a.from - b.from || b.to - a.to);
}

/** A literal that is no value: part of a type, or the name of a property. */
function isName({ parent, range: [from] }: Node): boolean {
  if (/^(TS|Import|Export)/.test(parent.type) && !/^TS(As|NonNull|Satisfies)/.test(parent.type)) {
    return true;
  }
  return /^(Property|PropertyDefinition|MethodDefinition)$/.test(parent.type) &&
    parent.key.range[0] === from && !parent.computed;
}

/** Texts put together: taking one from the other says nothing. */
function isText({ operator, left, right }: Node): boolean {
  const isOne = (node: Node) =>
    node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string");
  return operator === "+" && (isOne(left) || isOne(right));
}

function short(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 50 ? `${line.slice(0, 50)}…` : line;
}
