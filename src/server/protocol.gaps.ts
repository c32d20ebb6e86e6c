/** Lines of protocol.jsonl that are not answered as recorded yet, with the reason. The list only shrinks. */
export const gaps: { readonly [line: number]: string } = {};
