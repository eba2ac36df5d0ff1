/** What queries are asked of, record by record. */
import type { Json } from '#select/value'

export type Row =
  | { readonly kind: 'csv'; readonly fields: readonly string[] }
  /** `undefined` where the path of FROM leads to nothing. */
  | { readonly kind: 'json'; readonly json: Json | undefined }

/** How records of an object are named. */
export type Shape =
  /** With its header, when that is used; `undefined` for fields that have places only. */
  | { readonly kind: 'csv'; readonly header: readonly string[] | undefined }
  | { readonly kind: 'json' }
  /** There are no records, not even a header: every name stands for nothing. */
  | { readonly kind: 'empty' }
