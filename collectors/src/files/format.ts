import type { KindName } from "@cadastre/contract/kinds/names";
import type { ResourceInput } from "@cadastre/contract/resource";

/** What a cloud's command-line tool prints, as a source of resources. Each provider has one; see formats.ts. */
export interface FileFormat {
  /** The commands whose output is accepted, for messages. */
  readonly accepts: string;
  readonly kinds: readonly KindName[];
  /** What an account is called. */
  readonly account: { readonly pattern: RegExp; readonly about: string };
  /** Throws RangeError for what is no region of the provider's. */
  requireRegion(region: string): void;
  /**
   * For a tool that lists an account's regions at once: those that a list of the kind is of, `named` being all that the files
   * name. Of these, the ones that nothing is listed in are empty.
   */
  regionsOf?(kind: KindName, named: ReadonlySet<string>): readonly string[];
  /**
   * The listings in one parsed JSON document; undefined when it is none of the accepted forms. Throws FileError when it is one,
   * but broken. The file's name may say of what an empty list is.
   */
  read(document: unknown, name: string): readonly FileListing[] | undefined;
}

export interface FileListing {
  readonly kind: KindName;
  readonly items: readonly FileItem[];
  /** The tool stopped before the end of the list: further pages are missing. */
  readonly hasMore: boolean;
}

/** One listed thing, and what it tells of where it belongs. */
export interface FileItem {
  /** What the file calls it, for messages. */
  readonly label: string;
  /** Undefined where the tool's output does not say. */
  readonly region: string | undefined;
  /** The account that owns it, where the output says so and the kind is not shared between accounts. */
  readonly owner?: string | undefined;
  /** A network that it names, to learn the network's region and owner from, or to find its own region by. */
  readonly network?: { readonly id: string; readonly owner?: string | undefined } | undefined;
  /** Throws FileError. */
  convert(place: FilePlace): ResourceInput<KindName>;
}

export interface FilePlace {
  readonly account: string;
  readonly region: string;
  /** The account that owns a network, where the files say that it is another one. */
  readonly ownerOfNetwork: (networkId: string) => string | undefined;
  /** Told of what is taken although the cloud does not document it. */
  readonly report: (message: string) => void;
}

/** Something in a file is not what the tool prints; the message says what and where. */
export class FileError extends Error {
  override readonly name = "FileError";
  /** The one kind that the file is of, where that much could be seen. */
  readonly kind: KindName | undefined;
  constructor(message: string, kind?: KindName) {
    super(message);
    this.kind = kind;
  }
}
