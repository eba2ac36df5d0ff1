/** Where the S3 door of a store is, and how buckets and websites are named there. */
import type { S3DoorOptions } from '#api/s3/door-options'

/** A signature may name any; buckets say that they are in one. */
export const regions = 'any'

/** Below these, the first labels of a host name are a bucket; an operator may add others. */
export const s3Domains = ['localhost']

/** The same for websites, on the HTTP port; an operator may add one. */
export const websiteDomains = ['s3-website.localhost']

export type Mount = Pick<S3DoorOptions, 'mount' | 'guests' | 'createsBuckets' | 'hostsAreBuckets'>

/** Whoever signs nothing has what buckets give to everybody. */
export const plainMount: Mount = { mount: '', guests: undefined, createsBuckets: false }
