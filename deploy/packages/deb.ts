/**
 * Builds the Debian packages from the executables of dist/ into dist/packages/, with dpkg-deb. The same executables give
 * the same bytes.
 *
 *     npm run build && npm run packages [-- --fast] [PROGRAM…]
 *
 * `--fast` packs hardly at all: for tests.
 */
import { messageOf, WeirError } from "../../core/errors.ts";
import { VERSION } from "../../core/metrics/registry.ts";
import { BUILD_TIME } from "../epoch.ts";
import { contentsOf, PACKAGES, type PackageSpec } from "./contents.ts";

const HERE = new URL(".", import.meta.url).pathname;
const ROOT = new URL("../..", import.meta.url).pathname;

export interface DebOptions {
  /** Folder of the executables. */
  dist: string;
  /** Folder that gets the packages. */
  out: string;
  /** Debian's name of the architecture. @default amd64 */
  architecture?: string;
  version?: string;
  fast?: boolean;
}

/** Builds one package and returns its path. Rejects with BUILD_NO_EXECUTABLE or BUILD_FAILED. */
export async function buildDeb(spec: PackageSpec, options: DebOptions): Promise<string> {
  const { dist, out, architecture = "amd64", version = VERSION, fast = false } = options;
  const executable = `${dist}/${spec.name}`;
  await Deno.stat(executable).catch(() => {
    throw new WeirError("BUILD_NO_EXECUTABLE", `There is no ${executable}`, {
      hint: "Run: npm run build",
    });
  });
  await Deno.mkdir(out, { recursive: true });
  const tree = await Deno.makeTempDir({ dir: out, prefix: `${spec.name}.` });
  try {
    const bytes = await layOut(tree, spec, executable);
    await control(tree, spec, { architecture, version, sizeKib: Math.ceil(bytes / 1024) });
    const path = `${out}/${spec.name}_${version}_${architecture}.deb`;
    await dpkgDeb(["--root-owner-group", fast ? "-Znone" : "-Zxz", "--build", tree, path]);
    return path;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

async function layOut(tree: string, spec: PackageSpec, executable: string): Promise<number> {
  let bytes = 0;
  await Deno.chmod(tree, 0o755);
  for (const [path, { data, mode }] of contentsOf(spec, executable)) {
    const target = tree + path;
    await Deno.mkdir(target.replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o755 });
    if (typeof data === "string") await Deno.copyFile(data, target);
    else await Deno.writeFile(target, data);
    await Deno.chmod(target, mode);
    bytes += (await Deno.stat(target)).size;
  }
  return bytes;
}

async function control(
  tree: string,
  spec: PackageSpec,
  about: { architecture: string; version: string; sizeKib: number },
): Promise<void> {
  await Deno.mkdir(`${tree}/DEBIAN`, { mode: 0o755 });
  const conffiles = [...contentsOf(spec, "")].filter(([, file]) => file.conffile);
  await Deno.writeTextFile(
    `${tree}/DEBIAN/conffiles`,
    conffiles.map(([path]) => `${path}\n`).join(""),
  );
  await Deno.writeTextFile(
    `${tree}/DEBIAN/control`,
    `Package: ${spec.name}
Version: ${about.version}
Architecture: ${about.architecture}
Maintainer: Weir maintainers <maintainers@weir.invalid>
Installed-Size: ${about.sizeKib}
Depends: libc6 (>= 2.31), libgcc-s1, passwd
Section: admin
Priority: optional
Description: ${spec.summary}
 Weir collects logs and accounts for every line, from the byte in the file to
 the document in the index.
`,
  );
  for (const script of ["postinst", "prerm", "postrm"]) {
    const text = await Deno.readTextFile(`${HERE}debian/${script}`);
    const path = `${tree}/DEBIAN/${script}`;
    await Deno.writeTextFile(
      path,
      text.replaceAll("@NAME@", spec.name).replaceAll("@NEXT@", nextStep(spec))
        .replaceAll("@STATE@", spec.state.join(" ")),
    );
    await Deno.chmod(path, 0o755);
  }
}

function nextStep({ name, settings }: PackageSpec): string {
  const edit = settings === undefined ? "" : `Edit ${settings.path}, then: `;
  return `${edit}systemctl enable --now ${name}`;
}

async function dpkgDeb(args: string[]): Promise<void> {
  try {
    const { success, stderr } = await new Deno.Command("dpkg-deb", {
      args,
      env: { SOURCE_DATE_EPOCH: String(BUILD_TIME.getTime() / 1000) },
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  } catch (error) {
    throw new WeirError("BUILD_FAILED", `dpkg-deb: ${messageOf(error)}`, {
      hint: "It is Debian's package dpkg; other systems have it under the same name.",
    });
  }
}

if (import.meta.main) {
  const names = Deno.args.filter((arg) => !arg.startsWith("--"));
  try {
    for (const spec of PACKAGES.filter(({ name }) => names.length === 0 || names.includes(name))) {
      const path = await buildDeb(spec, {
        dist: `${ROOT}dist`,
        out: `${ROOT}dist/packages`,
        fast: Deno.args.includes("--fast"),
      });
      const megabytes = ((await Deno.stat(path)).size / 1e6).toFixed(1);
      console.log(`${path.slice(ROOT.length)}  ${megabytes} MB`);
    }
  } catch (error) {
    console.error(messageOf(error), error instanceof WeirError ? `\n${error.hint}` : "");
    Deno.exit(1);
  }
}
