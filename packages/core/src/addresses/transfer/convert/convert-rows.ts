import { FileProblem } from "../file-problem.ts";
import { FORMAT_NAMES, findFormat, formatOf } from "../formats/all.ts";
import type { FileRow, FileRows, RowProblem } from "../row.ts";
import { type Cell, type ColumnChoices, createAssigner } from "./assign-columns.ts";
import { createVrfChoice } from "./choose-vrf.ts";
import { columnKey, type Format } from "./format.ts";
import { readRecord } from "./read-record.ts";
import type { ImportRow, RowKind } from "./records.ts";

export interface ConvertOptions {
  /** Column → the member that it is for, `tag:NAME`, or `ignore`: where it is not what its name says. */
  readonly columns?: ColumnChoices | undefined;
  /** The form, by its name; told by the columns otherwise. */
  readonly format?: string | undefined;
  /** Which VRF of a file that has several. */
  readonly vrf?: string | undefined;
}

/** A row, understood or not. */
export type ConvertedRow = { readonly record: ImportRow } | { readonly problems: readonly RowProblem[] };

export interface Conversion {
  readonly rows: AsyncIterable<ConvertedRow>;
  /** What the file was taken for, once there was a row. */
  readonly about: () =>
    | { readonly format: string; readonly kind: RowKind; readonly ignored: readonly string[] }
    | undefined;
}

/**
 * Understands the rows of a file: those of this product's own exports and of tables that people write, of NetBox, phpIPAM and
 * AWS IPAM. Rows that are of another VRF, or of nothing that is kept here, are left out.
 * Reading throws FileProblem (`unknown_form`, `mapping`; `vrf` at the end of the file).
 */
export function convertRows(rows: FileRows, options: ConvertOptions = {}): Conversion {
  let converter: ReturnType<typeof createConverter> | undefined;
  const convert = async function* (): AsyncGenerator<ConvertedRow> {
    for await (const row of rows) {
      converter ??= createConverter(chooseFormat(row, options), options);
      const converted = converter.convert(row);
      if (converted !== undefined) yield converted;
    }
    converter?.finish();
  };
  return { rows: convert(), about: () => converter?.about() };
}

function chooseFormat(first: FileRow, { format, columns = {} }: ConvertOptions): Format {
  if (format !== undefined) {
    const found = formatOf(format);
    if (found !== undefined) return found;
    throw new FileProblem("unknown_form", `there is no form ${format}; there are ${FORMAT_NAMES.join(", ")}`);
  }
  const found = findFormat([...first.values.keys(), ...Object.values(columns)]);
  if (found !== undefined) return found;
  const message = `no column says the prefix; there are ${[...first.values.keys()].join(", ")}. Say which one is it`;
  throw new FileProblem("unknown_form", message, { choices: [...first.values.keys()] });
}

function createConverter(format: Format, options: ConvertOptions) {
  const assigner = createAssigner(format, options.columns ?? {});
  const vrf = createVrfChoice(format, options.vrf);
  return {
    convert({ row, values, problems }: FileRow): ConvertedRow | undefined {
      const keyed = new Map([...values].map(([column, text]) => [columnKey(column), text]));
      const cells = (column: string) => keyed.get(column) ?? "";
      if (!vrf.includes(cells) || format.passesOver?.(cells)) return undefined;
      if (problems.length > 0) return { problems };
      const assigned = assigner.assign(values);
      const members = new Map<string, Cell>();
      for (const [member, { column, text }] of assigned.members) {
        const read = options.columns?.[column] === undefined ? format.read?.[member] : undefined;
        members.set(member, { column, text: read ? read(text.trim(), cells) : text });
      }
      return readRecord(format.kind, row, { members, tags: assigned.tags });
    },
    finish: () => vrf.finish(),
    about: () => ({ format: format.name, kind: format.kind, ignored: [...assigner.ignored] }),
  };
}
