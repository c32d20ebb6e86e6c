/**
 * The order of a merged list: items that an order names stand in that order, the others keep their order among themselves and
 * stand before the first named item that the server had after them.
 */
export interface ListOrder {
  readonly named: readonly unknown[];
  readonly others: readonly unknown[];
  /** Gives the order of the named items. */
  readonly namedOrder: readonly unknown[];
  /** The list as the server had it: the order of the others, and where they stand among the named. */
  readonly othersOrder: readonly unknown[];
  readonly mergeKey: string;
  /** Items are objects, identified by their merge key. */
  readonly maps: boolean;
}

export function orderByLists(order: ListOrder): unknown[] {
  const identity = (item: unknown): unknown => (order.maps ? (item as { [key: string]: unknown } | null)?.[order.mergeKey] : item);
  const positions = (list: readonly unknown[]): Map<unknown, number> => {
    const known = new Map<unknown, number>();
    for (const [index, item] of list.entries()) if (!known.has(identity(item))) known.set(identity(item), index);
    return known;
  };
  const serverPosition = positions(order.othersOrder);
  const named = sortedBy(order.named, positions(order.namedOrder), identity);
  const others = sortedBy(order.others, serverPosition, identity);
  const out: unknown[] = [];
  let at = 0;
  for (const item of others) {
    while (at < named.length && !isBefore(serverPosition, identity(item), identity(named[at]))) out.push(named[at++]);
    out.push(item);
  }
  return [...out, ...named.slice(at)];
}

function isBefore(position: ReadonlyMap<unknown, number>, left: unknown, right: unknown): boolean {
  const leftAt = position.get(left);
  const rightAt = position.get(right);
  return leftAt !== undefined && rightAt !== undefined && leftAt < rightAt;
}

function sortedBy(items: readonly unknown[], position: ReadonlyMap<unknown, number>, identity: (item: unknown) => unknown): unknown[] {
  return [...items].sort((a, b) => (position.get(identity(a)) ?? 0) - (position.get(identity(b)) ?? 0));
}
