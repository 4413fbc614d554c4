/** Which entries of the palette fit what was typed: every word somewhere in label or kind, beginnings first. */

export const PALETTE_MAX = 60;

export function paletteFor<T extends { kind: string; label: string }>(
  items: readonly T[],
  text: string,
): T[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const fits = items.filter(({ kind, label }) => {
    const whole = `${label} ${kind}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
  const begins = ({ label }: T) => words.length > 0 && label.toLowerCase().startsWith(words[0]);
  return [...fits.filter(begins), ...fits.filter((item) => !begins(item))].slice(0, PALETTE_MAX);
}
