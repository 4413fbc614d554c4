/**
 * What a host answers when it is asked what a configuration would do there: which files, from which offset, the first
 * lines as they would be sent, what collides, what cannot be read. Made by agent/plan/, shown by `weir-agent --dry-run`
 * and `weir config plan`. It is bounded, and lines in it are masked as the entries ask.
 */
import { z } from "zod";

const words = (max: number, description: string) => z.string().max(max).meta({ description });
const count = (description: string) => z.number().int().min(0).meta({ description });

/** Characters of a line that are shown. */
export const LINE_CHARACTERS_MAX = 500;

export const plannedLaneSchema = z.strictObject({
  entry: count("Which of the entries."),
  topic: words(249, "Where its lines go."),
  from: count("Offset of the first byte that would be sent."),
  begin: z.enum(["new", "known", "end", "copy", "empty"]).meta({
    description:
      "new: never read, from its begin. known: goes on where its generation stood. end: from the end, as the entry asks. copy: held for tail.copyHold, as it looks like a copy of a known file. empty: nothing in it yet.",
  }),
  unread: count("Bytes from there to the file's end."),
  lines: z.array(z.strictObject({
    offset: count("Where it begins in the file."),
    text: words(LINE_CHARACTERS_MAX, "The line as it would be sent, its begin."),
  })).max(20).meta({ description: "The first lines as they would be sent." }),
  earlier: z.boolean().meta({
    description:
      "Nothing is unread: the lines are some of the last that were sent, as they would be now.",
  }),
  looked: count("Bytes that were looked at for the lines."),
  fields: z.record(z.string().max(100), z.string().max(1000)).meta({
    description: "Static fields that go with each line.",
  }),
});

export const plannedFileSchema = z.strictObject({
  path: words(4096, "The file."),
  size: count("Its bytes."),
  binary: z.boolean().meta({
    description: "It begins with binary data, and is read all the same.",
  }),
  counts: z.record(z.string().max(100), z.number()).meta({
    description:
      "What entries and encoding did in the bytes that were looked at, such as dropped:debug or masked:card.",
  }),
  lanes: z.array(plannedLaneSchema).max(100).meta({ description: "One a topic." }),
});

export const planSchema = z.strictObject({
  v: z.literal(1).meta({ description: "Version of this form." }),
  entries: z.array(z.strictObject({
    path: words(4096, "Its pattern."),
    topic: words(249, "Its topic."),
    from: words(500, "Where it stands: key or file."),
    files: count("Files that match and can be read."),
    unread: count("Bytes of them that would be sent."),
    failed: count("Paths that cannot be read."),
  })).max(1000).meta({ description: "The entries in their order, with what they match." }),
  files: z.array(plannedFileSchema).max(10_000).meta({ description: "The files, the first ones." }),
  filesLeftOut: count("Files beside these: the answer is bounded."),
  collisions: z.array(z.strictObject({
    kind: z.enum(["overridden", "same-topic", "two-topics", "same-file"]).meta({
      description:
        "overridden: the same path and topic earlier in the list. same-topic: an earlier entry has this file for the topic. two-topics: the file's lines go to each. same-file: two names of one file, read once.",
    }),
    path: words(4096, "The file, or the pattern."),
    topics: z.array(z.string().max(249)).max(100).meta({ description: "The topics concerned." }),
    entries: z.array(z.number().int().min(0)).max(1000).meta({
      description: "The entries, the one that holds first.",
    }),
    says: words(1000, "What comes of it."),
  })).max(1000).meta({ description: "Entries that meet." }),
  problems: z.array(z.strictObject({
    path: words(4096, "File or folder."),
    code: words(60, "Code of the error."),
    reason: words(1000, "Why."),
    passes: z.boolean().meta({ description: "Nobody need do anything: it may come or pass." }),
    entries: z.array(z.number().int().min(0)).max(1000).meta({ description: "Who wants it." }),
  })).max(1000).meta({ description: "What cannot be read, and why." }),
}).meta({ description: "What a configuration would do on a host." });

export type Plan = z.output<typeof planSchema>;
export type PlannedFile = z.output<typeof plannedFileSchema>;
export type PlannedLane = z.output<typeof plannedLaneSchema>;
