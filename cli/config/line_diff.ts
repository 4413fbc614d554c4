/** Two texts as one list of lines: what went (-), what came (+), what stayed. For values of some thousand lines. */

const LINES_MAX = 3000;

/** Values as they are compared: JSON laid out one field a line, anything else as it is. */
export function layOut(text: string | null): string[] {
  if (text === null) return [];
  try {
    return JSON.stringify(JSON.parse(text), null, 2).split("\n");
  } catch {
    return text.replace(/\n$/, "").split("\n"); // YAML
  }
}

/** Lines with "  ", "- " or "+ " before them; empty where nothing differs. */
export function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  const a = before.slice(0, LINES_MAX), b = after.slice(0, LINES_MAX);
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j]
        ? common[(i + 1) * width + j + 1] + 1
        : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  const lines: string[] = [];
  let i = 0, j = 0, changed = false;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) lines.push(`  ${a[i++]}`), j++;
    else {
      changed = true;
      const drop = j >= b.length ||
        (i < a.length && common[(i + 1) * width + j] >= common[i * width + j + 1]);
      lines.push(drop ? `- ${a[i++]}` : `+ ${b[j++]}`);
    }
  }
  return changed ? lines : [];
}
