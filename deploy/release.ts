/**
 * What lies beside the executables of a release: SHA256SUMS of every file of dist/ that is shipped, and the SBOM
 * (CycloneDX) of what is inside them. The same checkout gives the same bytes.
 *
 *     npm run build && npm run release
 */
import { messageOf, WeirError } from "../core/errors.ts";
import { VERSION } from "../core/metrics/registry.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const SHIPPED =
  /^(weir(-agent|-transfer|-monitor)?(-[a-z0-9_-]+)?(\.exe)?|sbom\.cdx\.json)$|\.deb$/;

/** Lines as `sha256sum` writes and checks them, by name. */
export async function sha256Sums(folder: string, names: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    [...names].sort().map(async (name) => {
      const digest = await crypto.subtle.digest(
        "SHA-256",
        await Deno.readFile(`${folder}/${name}`),
      );
      return `${new Uint8Array(digest).toHex()}  ${name}\n`;
    }),
  );
  return lines.join("");
}

/** The SBOM that npm makes of the lock file, without time, number and places of download. Rejects with BUILD_FAILED. */
export async function sbom(checkout: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("npm", {
    args: ["sbom", "--omit=dev", "--sbom-format=cyclonedx", "--package-lock-only"],
    cwd: checkout,
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new WeirError("BUILD_FAILED", `npm sbom: ${new TextDecoder().decode(stderr).trim()}`, {
      hint: "It takes npm 10 or newer, and the package-lock.json of the checkout.",
    });
  }
  const document = JSON.parse(new TextDecoder().decode(stdout));
  delete document.serialNumber;
  delete document.metadata.timestamp;
  delete document.metadata.tools;
  document.metadata.component.name = "weir";
  document.metadata.component.version = VERSION;
  for (const component of document.components) {
    component.externalReferences = component.externalReferences?.filter(
      (reference: { type: string }) => reference.type !== "distribution",
    );
  }
  return `${JSON.stringify(document, null, 1)}\n`;
}

if (import.meta.main) {
  try {
    const dist = `${ROOT}dist`;
    await Deno.writeTextFile(`${dist}/sbom.cdx.json`, await sbom(ROOT));
    const names: string[] = [];
    for await (const { name, isFile } of Deno.readDir(dist)) {
      if (isFile && SHIPPED.test(name)) names.push(name);
    }
    // There are packages where `npm run packages` came before.
    const packages = await Array.fromAsync(Deno.readDir(`${dist}/packages`)).catch(() => []);
    for (const { name } of packages) if (name.endsWith(".deb")) names.push(`packages/${name}`);
    const sums = await sha256Sums(dist, names);
    await Deno.writeTextFile(`${dist}/SHA256SUMS`, sums);
    console.log(sums.trimEnd());
  } catch (error) {
    console.error(messageOf(error), error instanceof WeirError ? `\n${error.hint}` : "");
    Deno.exit(1);
  }
}
