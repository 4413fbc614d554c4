/** A certificate authority of a test's own, made by openssl: what a broker shows its clients, in date or out of it. */
import { run } from "../support/process.ts";
import type { TempDir } from "../support/temp.ts";

const CONFIG = `
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`;

export interface Authority {
  /** PEM file with the certificate that signs. */
  caFile: string;
  /** PEM file with key and certificate for 127.0.0.1, in the form that Kafka takes. */
  issue(name: string, from: string, to: string): Promise<string>;
}

/** Makes an authority in a folder. Times are those of openssl: "20260101000000Z". */
export async function makeAuthority(folder: TempDir): Promise<Authority> {
  const cwd = folder.path;
  const openssl = (...args: string[]) => run("openssl", args, { cwd });
  await Deno.writeTextFile(folder.join("ca.cnf"), CONFIG);
  await Deno.writeTextFile(folder.join("index.txt"), "");
  await Deno.writeTextFile(folder.join("serial"), "01");
  const subject = ["-subj", "/CN=Authority of a test"];
  const key = ["-newkey", "rsa:2048", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...key,
    "-days",
    "30",
    ...subject,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  );
  return {
    caFile: folder.join("ca.pem"),
    issue: async (name, from, to) => {
      const extension = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
      const request = ["-subj", `/CN=${name}`, ...extension, "-keyout", `${name}.key`];
      await openssl("req", "-new", ...key, ...request, "-out", `${name}.csr`);
      const signer = ["-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-batch"];
      const dates = ["-startdate", from, "-enddate", to];
      const files = ["-in", `${name}.csr`, "-out", `${name}.crt`, "-notext"];
      await openssl("ca", ...signer, ...dates, ...files);
      const pem = folder.join(`${name}.pem`);
      const parts = [`${name}.key`, `${name}.crt`, "ca.pem"].map((file) =>
        Deno.readTextFileSync(folder.join(file))
      );
      await Deno.writeTextFile(pem, parts.join(""));
      return pem;
    },
  };
}
