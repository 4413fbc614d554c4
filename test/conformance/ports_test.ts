/** Every adapter that needs no server, through the conformance suite of its port. The others are in test/agent. */
import { MemoryConfigSource } from "../../core/ports/memory_config_source.ts";
import { FileConfigSource } from "../../core/config/file_source.ts";
import { ManualClock, systemClock } from "../../core/ports/clock.ts";
import { clockConformance } from "../../core/ports/clock_conformance.ts";
import { configSourceConformance } from "../../core/ports/config_source_conformance.ts";
import { filesConformance, type OpenFiles } from "../../core/ports/files_conformance.ts";
import { lineSinkConformance } from "../../core/ports/line_sink_conformance.ts";
import { MemoryFiles } from "../../core/ports/memory_files.ts";
import { MemoryLineSink } from "../../core/ports/memory_line_sink.ts";
import { systemFiles } from "../../core/system_files.ts";
import { EmbeddedStore } from "../../search/store/embedded_store.ts";
import { StoreLineSink } from "../../search/store/line_sink.ts";
import { SimClock } from "../sim/sim_clock.ts";
import { SimConfigSource } from "../sim/sim_config_source.ts";
import { SimFiles } from "../sim/sim_files.ts";
import { SimLineSink } from "../sim/sim_line_sink.ts";
import { Random } from "../support/random.ts";

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const manual = new ManualClock(), simulated = new SimClock(new Random(1));
clockConformance("system", systemClock, later);
clockConformance("manual", manual, (ms) => manual.advance(ms));
clockConformance("simulated", simulated, (ms) => simulated.advance(ms));

function inMemory(make: () => MemoryFiles): () => Promise<OpenFiles> {
  return () => {
    const files = make();
    return Promise.resolve({
      files,
      folder: "/folder",
      append: (path, text) => Promise.resolve(files.append(path, text)),
      rename: (from, to) => Promise.resolve(files.rename(from, to)),
      truncate: (path) => Promise.resolve(files.truncate(path)),
      close: () => Promise.resolve(),
    });
  };
}

filesConformance("memory", inMemory(() => new MemoryFiles()));
filesConformance(
  "simulated",
  inMemory(() => {
    const files = new SimFiles(new Random(1));
    files.faulty = false; // its passing faults are for whoever tries again; short reads stay with the tail's simulation
    return files;
  }),
);
filesConformance("system", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  return {
    files: systemFiles,
    folder,
    append: async (path, text) => {
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(path, text, { append: true });
    },
    rename: (from, to) => Deno.rename(from, to),
    truncate: (path) => Deno.truncate(path),
    close: () => Deno.remove(folder, { recursive: true }),
  };
});

configSourceConformance("memory", () => {
  const source = new MemoryConfigSource();
  return Promise.resolve({
    source,
    put: (text) => Promise.resolve(source.set(text)),
    remove: () => Promise.resolve(source.set(null)),
    close: () => Promise.resolve(),
  });
});
configSourceConformance("simulated", () => {
  const source = new SimConfigSource(new Random(1));
  return Promise.resolve({
    source,
    put: (text) => Promise.resolve(source.set(text)),
    remove: () => Promise.resolve(source.set(null)),
    close: () => Promise.resolve(),
  });
});
configSourceConformance("file", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const path = `${folder}/collect.json`;
  return {
    source: new FileConfigSource(path, systemFiles, systemClock, 100),
    put: (text) => systemFiles.writeAtomic(path, new TextEncoder().encode(text)),
    remove: () => Deno.remove(path),
    close: () => Deno.remove(folder, { recursive: true }),
  };
});

lineSinkConformance("memory", () => {
  const sink = new MemoryLineSink();
  return Promise.resolve({
    sink,
    topic: "t",
    arrived: (generation) =>
      Promise.resolve(sink.lines.filter((line) => line.generation === generation)),
    close: () => Promise.resolve(),
  });
});
for (const seed of [1, 2, 3]) {
  lineSinkConformance(`simulated, seed ${seed}`, () => {
    const clock = { ...systemClock, sleep: () => Promise.resolve() };
    const sink = new SimLineSink(new Random(seed), clock);
    return Promise.resolve({
      sink,
      topic: "t",
      arrived: (generation) =>
        Promise.resolve(sink.lines.filter((line) => line.generation === generation)),
      close: () => Promise.resolve(),
    });
  });
}
lineSinkConformance("embedded store", async () => {
  const folder = await Deno.makeTempDir();
  const store = new EmbeddedStore({ folder });
  const sink = new StoreLineSink(store);
  return {
    sink,
    topic: "t",
    arrived: async (generation) => {
      const lines = [];
      const request = { query: { kind: "all" as const }, order: "oldest" as const, limit: 10_000 };
      for await (const batch of store.search(request, new AbortController().signal)) {
        for (const found of batch) {
          if (found["log.file.generation"] !== generation) continue;
          lines.push({
            topic: found.topic,
            generation,
            start: found["log.offset"],
            end: found["log.offset"] + found["log.length"],
            text: found.message,
            day: "",
            path: found["log.file.path"],
          });
        }
      }
      return lines.sort((a, b) => a.start - b.start);
    },
    close: async () => {
      await sink.stop(1000);
      await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
});
