/** The flattened fields of a document as texts under names joined by dots, as Elasticsearch indexes them. */

const FIELDS_MAX = 1000;

/** Undefined where there are none. A name that a line chose stands alone: the result has no prototype. */
export function foundText(fields: unknown): Readonly<Record<string, string>> | undefined {
  const found: Record<string, string> = Object.create(null);
  let left = FIELDS_MAX;
  const walk = (value: unknown, name: string): void => {
    if (left === 0 || value === null || value === undefined) return;
    if (typeof value !== "object") {
      found[name] = String(value);
      left--;
    } else if (Array.isArray(value)) {
      found[name] = value.map((one) => typeof one === "object" ? JSON.stringify(one) : String(one))
        .join(",");
      left--;
    } else {
      for (const [key, inner] of Object.entries(value)) {
        walk(inner, name === "" ? key : `${name}.${key}`);
      }
    }
  };
  if (typeof fields === "object" && !Array.isArray(fields)) walk(fields, "");
  return left === FIELDS_MAX ? undefined : found;
}
