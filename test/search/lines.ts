/** Lines that look like real ones, with all that words, marks and scripts make hard; by seed. */
import type { Random } from "../support/random.ts";

export const START_MS = Date.UTC(2026, 10, 21, 6);
export const TOPICS = ["shop", "web_log"];

/** Pieces of lines, and of the queries about them. */
export const WORDS: readonly string[] = [
  "error",
  "Error",
  "ERRORS",
  "timeout",
  "time",
  "out",
  "refused",
  "connection",
  "reset",
  "by",
  "peer",
  "10.0.0.1",
  "10.0.0.17",
  "1.5",
  "1,5",
  "blk_-12",
  "blk_12",
  "_",
  "__init__",
  "foo.bar",
  "bar",
  "o'neil",
  "a:b",
  "std::string",
  "/api/users",
  "/api/users/42",
  "x=1",
  "user@example.com",
  "C:\\temp\\x",
  "naïve",
  "café",
  "CAFÉ",
  "ошибка",
  "Ошибка",
  "соединения",
  "错误",
  "数据库连接超时",
  "超时",
  "デタ",
  "デタベス",
  "エラ",
  "한국어",
  "ไทย",
  "istanbul",
  "ΟΔΟΣ",
  "οδος",
  "straße",
  "🙂",
  "a🙂b",
  "-",
  "->",
  "...",
  '"quoted"',
  "(paren)",
  "a*b",
  "what?",
  "[x]",
  "100%",
  "#7",
  "~tilde",
  "0x1F",
  "1e5",
  "2026-11-21",
  "12:30:45,123",
];
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", ""];
const STATUS = ["200", "503", "404", "5e2", "abc", "", "99", "1000", "-1", "50 x"];

export function texts(random: Random, count: number): string[] {
  let ms = START_MS;
  return Array.from({ length: count }, (_, number) => {
    // Several lines of one time, and some that are late.
    if (random.chance(0.6)) ms += random.below(900);
    const time = new Date(random.chance(0.05) ? ms - random.below(600_000) : ms).toISOString();
    const words = () =>
      Array.from({ length: 1 + random.below(7) }, () => random.pick(WORDS))
        .join(random.pick([" ", " ", " ", "", ".", ",", "/", ": "]));
    const level = random.pick(LEVELS);
    switch (random.below(10)) {
      case 0:
        return JSON.stringify({
          time,
          level: level.toLowerCase(),
          status: random.pick(STATUS),
          msg: words(),
          took: number,
          path: `/p/${random.below(5)}`,
          ...(random.chance(0.3)
            ? { "": "no name", "a*b": "star", deep: { er: random.below(4) } }
            : {}),
        });
      case 1:
        return `time=${time} level=${level || "none"} status=${random.below(600)} took=${
          random.below(5000) / 10
        }ms`;
      case 2:
        return `${time} ${level} ${"x".repeat(random.below(200))} ${words()}`;
      default:
        return `${time} ${level} [main] number=${number} ${words()}`;
    }
  });
}
