/** Limits of queries. https://docs.aws.amazon.com/AmazonS3/latest/userguide/selecting-content-from-objects.html */

/** UTF-8 bytes of an expression. */
export const expressionBytesMax = 256 * 1024

/** Parentheses, calls and the like within each other, and operators in a row, which are nested too: each is a few calls within calls. */
export const expressionDepthMax = 200
export const expressionChainMax = 1_000

/** Characters of a pattern of LIKE: matching takes no longer than its length times the text's. */
export const likePatternMax = 1_000

/** A record as it is read, and as it is written. */
export const recordBytesMax = 1024 * 1024

/** Objects and arrays within each other in one record. */
export const jsonDepthMax = 500

/** Significant digits of a decimal. */
export const decimalDigitsMax = 38

/** So many records, or so many bytes of them, are evaluated before anybody else has a turn. */
export const batchRecordsMax = 500
export const batchBytesMax = 64 * 1024

/** Characters that are looked at for one record (a quarter of a second of processor time), and before anybody else has a turn. */
export const recordEffortMax = 16 * 1024 * 1024
export const batchEffortMax = 1024 * 1024
