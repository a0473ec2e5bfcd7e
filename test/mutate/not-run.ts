/** A place in a syntax tree, with the little of it that is looked at. */
interface Path {
  readonly node: {
    readonly type: string;
    readonly key?: { readonly name?: string };
    readonly value?: { type: string };
  };
}

const NAMES = ["about", "description"];

/** What items and fields say about themselves is documentation: nothing runs on it. */
function isDocumentation({ node }: Path): boolean {
  return node.type === "ObjectProperty" && NAMES.includes(node.key?.name ?? "") && node.value?.type === "StringLiteral";
}

/** A plugin of Stryker's: where nothing is changed. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "documentation",
    value: { shouldIgnore: (path: Path) => (isDocumentation(path) ? "nothing runs on it" : undefined) },
  },
];
