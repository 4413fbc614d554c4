/**
 * One source with all its mutants in it, each behind its number. A switch says which one is on; 0 is the source as it
 * was. In a survey every place also notes that it was reached.
 *
 * What the woven source and the process of tests share lies in globalThis: `weirMutant` is on while the module is
 * loaded, `weirSwitches` take another number later, `weirReached` has a byte a mutant.
 */
import type { Mutant } from "./mutants.ts";

/** The name of the number in the woven source. */
const ON = "weirMutantOn";
const SHARED = "(globalThis as any)";

export interface WeaveOptions {
  /** True for a source that notes which mutants' places are reached. @default false */
  notes?: boolean;
}

/** Mutant i of the list has the number i + 1. */
export function weave(source: string, mutants: readonly Mutant[], options: WeaveOptions = {}) {
  const numbered = mutants.map((mutant, i) => ({ mutant, number: i + 1 }));
  const notes = options.notes ?? false;
  const body = woven(source, { from: 0, to: source.length, inside: numbered, notes });
  const set = `${SHARED}.weirSwitches?.push((number: number) => { ${ON} = number; });`;
  return `let ${ON} = ${SHARED}.weirMutant ?? 0; ${set} ${body}`;
}

interface Numbered {
  mutant: Mutant;
  number: number;
}

/** A range of the source, and the mutants that lie in it; they come outermost first. */
interface Range {
  from: number;
  to: number;
  inside: readonly Numbered[];
  notes: boolean;
}

function woven(source: string, { from, to, inside, notes }: Range): string {
  let text = "", at = from;
  for (let i = 0; i < inside.length;) {
    const { from: start, to: end, isStatement } = inside[i].mutant;
    const next = inside.findIndex(({ mutant }, j) => j > i && mutant.from >= end);
    const group = inside.slice(i, next < 0 ? inside.length : next);
    const isHere = ({ mutant }: Numbered) => mutant.from === start && mutant.to === end;
    const here = group.filter((one) => isHere(one) && one.mutant.isStatement === isStatement);
    const left = group.filter((one) => !here.includes(one));
    const inner = woven(source, { from: start, to: end, inside: left, notes });
    text += source.slice(at, start) + chosen(here, inner, { isStatement, notes });
    at = end;
    i += group.length;
  }
  return text + source.slice(at, to);
}

function chosen(
  here: readonly Numbered[],
  inner: string,
  { isStatement, notes }: { isStatement: boolean; notes: boolean },
): string {
  const noted = notes
    ? here.map(({ number }) => `${SHARED}.weirReached[${number}] = 1`).join(", ")
    : "";
  if (isStatement) {
    const off = here.map(({ number }) => `${ON} !== ${number}`).join(" && ");
    // In a block: an else may follow.
    return `{ ${noted}${notes ? ";" : ""} if (${off}) { ${inner} } }`;
  }
  const others = here.map(({ mutant, number }) => `${ON} === ${number} ? (${mutant.text}) : `);
  const value = `(${others.join("")}(${inner}))`;
  return notes ? `(${noted}, ${value})` : value;
}
