/** The chart of a soak: memory, handles and threads of each program over time, as one SVG. */
import type { Sample } from "./soak.ts";

const WIDTH = 900, HEIGHT = 180, LEFT = 70, GAP = 40;
const COLOURS = ["#1f6feb", "#d1700a", "#1a7f37"];
const SERIES: readonly { title: string; of: (sample: Sample) => number }[] = [
  { title: "memory, MiB", of: ({ rssBytes }) => rssBytes / 2 ** 20 },
  { title: "handles", of: ({ handles }) => handles },
  { title: "threads", of: ({ threads }) => threads },
];

export function chartSvg(samples: ReadonlyMap<string, readonly Sample[]>): string {
  const programs = [...samples];
  const endS = Math.max(1, ...programs.map(([, all]) => all.at(-1)?.seconds ?? 0));
  const parts = SERIES.map(({ title, of }, row) => {
    const top = GAP + row * (HEIGHT + GAP);
    const most = Math.max(1, ...programs.flatMap(([, all]) => all.map(of))) * 1.1;
    const lines = programs.map(([name, all], i) => {
      const points = all.map((sample) => {
        const x = LEFT + sample.seconds / endS * (WIDTH - LEFT);
        return `${x.toFixed(1)},${(top + HEIGHT - of(sample) / most * HEIGHT).toFixed(1)}`;
      });
      return `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" points="${
        points.join(" ")
      }"><title>${name}</title></polyline>`;
    });
    const names = programs.map(([name], i) =>
      `<tspan fill="${COLOURS[i % COLOURS.length]}">${name} </tspan>`
    );
    return `<text x="${LEFT}" y="${top - 8}">${title}: ${names.join("")}</text>
<text x="4" y="${top + 12}">${most.toFixed(0)}</text><text x="4" y="${top + HEIGHT}">0</text>
<path fill="none" stroke="#999" d="M${LEFT} ${top}V${top + HEIGHT}H${WIDTH}"/>
${lines.join("\n")}`;
  });
  const height = GAP + SERIES.length * (HEIGHT + GAP);
  const minutes = (endS / 60).toFixed(0);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 10} ${height}"
 font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#fff"/>
${parts.join("\n")}
<text x="${WIDTH - 90}" y="${height - 20}">${minutes} minutes</text></svg>
`;
}
