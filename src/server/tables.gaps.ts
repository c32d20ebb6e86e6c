/** Lists whose tables have other columns than upstream's, with the reason. The list only shrinks. */
export const gaps: { readonly [path: string]: string } = {};
