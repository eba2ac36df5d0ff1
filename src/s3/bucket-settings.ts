/** The settings of a bucket that can be carried from one endpoint to another. */
export const bucketSettings = [
  'tags',
  'cors',
  'encryption',
  'lifecycle',
  'policy',
  'public-access',
  'retention',
] as const
export type BucketSetting = (typeof bucketSettings)[number]
