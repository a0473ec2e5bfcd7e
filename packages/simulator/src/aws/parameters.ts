import { AwsError } from "./errors.ts";

/** The parameters of a Query request (EC2 and STS): flat names such as `Filter.1.Value.2`. */
export interface Parameters {
  get(name: string): string | undefined;
  /** The values of `name.1`, `name.2`, … in order. */
  list(name: string): readonly string[];
  /** The numbers that stand after `name.`: one for each structure in a list of structures. */
  indexes(name: string): readonly number[];
  flag(name: string): boolean;
}

export function readParameters(body: string): Parameters {
  const form = new URLSearchParams(body);
  const get = (name: string) => form.get(name) ?? undefined;
  const indexes = (name: string) => {
    const found = new Set<number>();
    for (const key of form.keys()) {
      if (!key.startsWith(`${name}.`)) continue;
      const index = Number(key.slice(name.length + 1).split(".", 1)[0]);
      if (Number.isSafeInteger(index) && index > 0) found.add(index);
    }
    return [...found].sort((one, other) => one - other);
  };
  return {
    get,
    indexes,
    list: (name) => indexes(name).flatMap((index) => get(`${name}.${index}`) ?? []),
    flag: (name) => {
      const value = get(name);
      if (value === undefined || value === "false") return false;
      if (value === "true") return true;
      throw new AwsError("InvalidParameterValue", `Value (${value}) for parameter ${name} is invalid: true or false`);
    },
  };
}
