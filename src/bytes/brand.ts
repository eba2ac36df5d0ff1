declare const brand: unique symbol

/** A value that only its room's `parseX` or `newX` can make. */
export type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }
