/**
 * One source with all its mutants in it, each behind its number: `globalThis.weirMutant`, read when the module is
 * loaded, says which one is on; 0 is the source as it was.
 */
import type { Mutant } from "./mutants.ts";

/** The name of the number in the woven source. */
const ON = "weirMutantOn";

/** Mutant i of the list has the number i + 1. */
export function weave(source: string, mutants: readonly Mutant[]): string {
  const numbered = mutants.map((mutant, i) => ({ mutant, number: i + 1 }));
  const body = woven(source, 0, source.length, numbered);
  return `const ${ON} = (globalThis as any).weirMutant ?? 0; ${body}`;
}

interface Numbered {
  mutant: Mutant;
  number: number;
}

/** The text of a range, with those of the mutants that lie in it; they come outermost first. */
function woven(source: string, from: number, to: number, inside: readonly Numbered[]): string {
  let text = "", at = from;
  for (let i = 0; i < inside.length;) {
    const { from: start, to: end, isStatement } = inside[i].mutant;
    const next = inside.findIndex(({ mutant }, j) => j > i && mutant.from >= end);
    const group = inside.slice(i, next < 0 ? inside.length : next);
    const isHere = ({ mutant }: Numbered) => mutant.from === start && mutant.to === end;
    const here = group.filter((one) => isHere(one) && one.mutant.isStatement === isStatement);
    const inner = woven(source, start, end, group.filter((one) => !here.includes(one)));
    text += source.slice(at, start) + chosen(here, inner, isStatement);
    at = end;
    i += group.length;
  }
  return text + source.slice(at, to);
}

function chosen(here: readonly Numbered[], inner: string, isStatement: boolean): string {
  if (isStatement) {
    const off = here.map(({ number }) => `${ON} !== ${number}`).join(" && ");
    return `{ if (${off}) { ${inner} } }`; // in a block: an else may follow
  }
  const others = here.map(({ mutant, number }) => `${ON} === ${number} ? (${mutant.text}) : `);
  return `(${others.join("")}(${inner}))`;
}
