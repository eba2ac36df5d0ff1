/** What is uploaded as a link in the bench: a GiB in blocks as `mycdnctl` cuts them, of five shards of which three give a block. */
import { blockTagBytes } from '#content/seal'

export const fileBytes = 2 ** 30
export const chunkBytes = 5 * 2 ** 20
export const coding = { required: 3, total: 5 }
/** Of a sealed block. */
export const blockBytes = chunkBytes + blockTagBytes
/** Padding takes at least a byte. docs/formats/cdn-meta.md */
export const shardBytes = Math.floor(blockBytes / coding.required) + 1
