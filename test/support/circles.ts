/**
 * The circles of a directed graph, of any length: each group of nodes that all reach one another (a strongly connected
 * component, by Tarjan's algorithm), sorted by name. A node that leads to itself is a circle of one.
 */
export function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const found = new Map<string, { readonly order: number; low: number; isOpen: boolean }>();
  const open: string[] = [];
  const circles: string[][] = [];

  function visit(node: string) {
    const own = { order: found.size, low: found.size, isOpen: true };
    found.set(node, own);
    open.push(node);
    for (const next of graph.get(node) ?? []) {
      const other = found.get(next) ?? visit(next);
      if (other.isOpen) own.low = Math.min(own.low, other.low);
    }
    if (own.low === own.order) {
      const group = open.splice(open.indexOf(node));
      for (const member of group) Object.assign(found.get(member) as object, { isOpen: false });
      if (group.length > 1 || graph.get(node)?.has(node)) circles.push(group.sort());
    }
    return own;
  }

  for (const node of graph.keys()) if (!found.has(node)) visit(node);
  return circles.sort((one, other) => ((one[0] as string) < (other[0] as string) ? -1 : 1));
}
