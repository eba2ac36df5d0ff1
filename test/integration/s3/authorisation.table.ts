/**
 * What every operation needs, written down from AWS's pages and apart from the code, with a request that asks for it and how it is answered if it may be done.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */

/** What was made for one request. */
export interface Place {
  readonly bucket: string
  /** The newest version of it, where the bucket keeps versions. */
  readonly version: string
  /** Of an upload to the same key, or, for `upload: 'elsewhere'`, in the open bucket. */
  readonly uploadId: string
  /** A bucket of the same owner's where everybody may do everything, and a key of its own in it. */
  readonly open: string
  readonly elsewhere: string
}

export const key = 'dir/key'
export const content = 'a,b\n'
/** In the open bucket. */
export const source = 'source'

export interface Row {
  /** The operation, and what sets this row apart from others of it. */
  readonly name: string
  readonly method: string
  /** Path and query. */
  readonly target: (place: Place) => string
  readonly headers?: (place: Place) => Readonly<Record<string, string>>
  readonly body?: (place: Place) => string
  /** All of these, on the bucket, or on the object where the operation is about one. */
  readonly needs: readonly [string, ...string[]]
  readonly about: 'bucket' | 'object'
  /** Status, and the code of an error: what was asked for may not be there. */
  readonly answers: readonly [string, ...string[]]
  /** How it is refused, if not in S3's usual way. */
  readonly refusal?: string
  /** What it needs beforehand, beside a bucket with an object. */
  readonly upload?: 'here' | 'elsewhere'
  readonly bucket?: 'empty' | 'versioned'
  readonly retained?: true
}

type More = Partial<Row> & Pick<Row, 'needs' | 'answers'>

const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

function ofBucket(name: string, method: string, query: string, more: More): Row {
  return { name, method, target: ({ bucket }) => `/${bucket}${query}`, about: 'bucket', ...more }
}

function ofObject(name: string, method: string, query: string, more: More): Row {
  const target = ({ bucket }: Place): string => `/${bucket}/${key}${query}`
  return { name, method, target, about: 'object', ...more }
}

/** The same with a version, which is another permission. */
function ofVersion(name: string, method: string, query: string, more: More): Row {
  const target = ({ bucket, version }: Place): string =>
    `/${bucket}/${key}?${query}versionId=${version}`
  return { name: `${name} of a version`, method, target, about: 'object', ...versioned, ...more }
}

const versioned = { bucket: 'versioned' } as const
const upload = { upload: 'here' } as const
const withUpload = ({ bucket, uploadId }: Place): string => `/${bucket}/${key}?uploadId=${uploadId}`
const tagging = `<Tagging ${xmlns}><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>`
const retentionDay = new Date(Date.now() + 86_400_000).toISOString()
const retention = `<Retention ${xmlns}><Mode>GOVERNANCE</Mode><RetainUntilDate>${retentionDay}</RetainUntilDate></Retention>`
const body = (text: string) => ({ body: () => text })
const headers = (all: Readonly<Record<string, string>>) => ({ headers: () => all })
const copyOpen = {
  headers: ({ open }: Place) => ({ 'x-amz-copy-source': `${open}/${source}` }),
}
const bypass = { 'x-amz-bypass-governance-retention': 'true' }
const wholeObject = { 'x-amz-object-attributes': 'ETag,ObjectSize' }

export const rows: readonly Row[] = [
  // Of buckets
  ofBucket('HeadBucket', 'HEAD', '', { needs: ['s3:ListBucket'], answers: ['200'] }),
  ofBucket('ListObjects', 'GET', '', { needs: ['s3:ListBucket'], answers: ['200'] }),
  ofBucket('ListObjectsV2', 'GET', '?list-type=2', { needs: ['s3:ListBucket'], answers: ['200'] }),
  ofBucket('ListObjectVersions', 'GET', '?versions', {
    needs: ['s3:ListBucketVersions'],
    answers: ['200'],
  }),
  ofBucket('ListMultipartUploads', 'GET', '?uploads', {
    needs: ['s3:ListBucketMultipartUploads'],
    answers: ['200'],
  }),
  ofBucket('DeleteBucket', 'DELETE', '', {
    needs: ['s3:DeleteBucket'],
    answers: ['204'],
    bucket: 'empty',
  }),
  ofBucket('GetBucketLocation', 'GET', '?location', {
    needs: ['s3:GetBucketLocation'],
    answers: ['200'],
  }),
  ofBucket('GetBucketVersioning', 'GET', '?versioning', {
    needs: ['s3:GetBucketVersioning'],
    answers: ['200'],
  }),
  ofBucket('PutBucketVersioning', 'PUT', '?versioning', {
    needs: ['s3:PutBucketVersioning'],
    ...body(`<VersioningConfiguration ${xmlns}><Status>Enabled</Status></VersioningConfiguration>`),
    answers: ['200'],
  }),
  ofBucket('GetBucketTagging', 'GET', '?tagging', {
    needs: ['s3:GetBucketTagging'],
    answers: ['404 NoSuchTagSet'],
  }),
  ofBucket('PutBucketTagging', 'PUT', '?tagging', {
    needs: ['s3:PutBucketTagging'],
    ...body(tagging),
    answers: ['204'],
  }),
  ofBucket('DeleteBucketTagging', 'DELETE', '?tagging', {
    needs: ['s3:PutBucketTagging'],
    answers: ['204'],
  }),
  ofBucket('GetBucketAcl', 'GET', '?acl', { needs: ['s3:GetBucketAcl'], answers: ['200'] }),
  ofBucket('PutBucketAcl', 'PUT', '?acl', {
    needs: ['s3:PutBucketAcl'],
    ...headers({ 'x-amz-acl': 'private' }),
    answers: ['200'],
  }),
  ofBucket('GetBucketPolicy', 'GET', '?policy', {
    needs: ['s3:GetBucketPolicy'],
    answers: ['200', '404 NoSuchBucketPolicy'],
  }),
  ofBucket('PutBucketPolicy', 'PUT', '?policy', {
    needs: ['s3:PutBucketPolicy'],
    body: ({ bucket }) => policyOf([statement('Allow', ['s3:GetObject'], bucket)]),
    answers: ['204'],
  }),
  ofBucket('DeleteBucketPolicy', 'DELETE', '?policy', {
    needs: ['s3:DeleteBucketPolicy'],
    answers: ['204'],
  }),
  ofBucket('GetBucketPolicyStatus', 'GET', '?policyStatus', {
    needs: ['s3:GetBucketPolicyStatus'],
    answers: ['200'],
  }),
  ofBucket('GetPublicAccessBlock', 'GET', '?publicAccessBlock', {
    needs: ['s3:GetBucketPublicAccessBlock'],
    answers: ['404 NoSuchPublicAccessBlockConfiguration'],
  }),
  ofBucket('PutPublicAccessBlock', 'PUT', '?publicAccessBlock', {
    needs: ['s3:PutBucketPublicAccessBlock'],
    ...body(
      `<PublicAccessBlockConfiguration ${xmlns}><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>`,
    ),
    answers: ['200'],
  }),
  ofBucket('DeletePublicAccessBlock', 'DELETE', '?publicAccessBlock', {
    needs: ['s3:PutBucketPublicAccessBlock'],
    answers: ['204'],
  }),
  ofBucket('GetBucketOwnershipControls', 'GET', '?ownershipControls', {
    needs: ['s3:GetBucketOwnershipControls'],
    answers: ['404 OwnershipControlsNotFoundError'],
  }),
  ofBucket('PutBucketOwnershipControls', 'PUT', '?ownershipControls', {
    needs: ['s3:PutBucketOwnershipControls'],
    ...body(
      `<OwnershipControls ${xmlns}><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>`,
    ),
    answers: ['200'],
  }),
  ofBucket('DeleteBucketOwnershipControls', 'DELETE', '?ownershipControls', {
    needs: ['s3:PutBucketOwnershipControls'],
    answers: ['204'],
  }),
  ofBucket('GetBucketCors', 'GET', '?cors', {
    needs: ['s3:GetBucketCORS'],
    answers: ['404 NoSuchCORSConfiguration'],
  }),
  ofBucket('PutBucketCors', 'PUT', '?cors', {
    needs: ['s3:PutBucketCORS'],
    ...body(
      `<CORSConfiguration ${xmlns}><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`,
    ),
    answers: ['200'],
  }),
  ofBucket('DeleteBucketCors', 'DELETE', '?cors', {
    needs: ['s3:PutBucketCORS'],
    answers: ['204'],
  }),
  ofBucket('GetBucketLifecycleConfiguration', 'GET', '?lifecycle', {
    needs: ['s3:GetLifecycleConfiguration'],
    answers: ['404 NoSuchLifecycleConfiguration'],
  }),
  ofBucket('PutBucketLifecycleConfiguration', 'PUT', '?lifecycle', {
    needs: ['s3:PutLifecycleConfiguration'],
    ...body(
      `<LifecycleConfiguration ${xmlns}><Rule><ID>old</ID><Filter/><Status>Enabled</Status><Expiration><Days>365</Days></Expiration></Rule></LifecycleConfiguration>`,
    ),
    answers: ['200'],
  }),
  ofBucket('DeleteBucketLifecycle', 'DELETE', '?lifecycle', {
    needs: ['s3:PutLifecycleConfiguration'],
    answers: ['204'],
  }),
  ofBucket('GetBucketWebsite', 'GET', '?website', {
    needs: ['s3:GetBucketWebsite'],
    answers: ['404 NoSuchWebsiteConfiguration'],
  }),
  ofBucket('PutBucketWebsite', 'PUT', '?website', {
    needs: ['s3:PutBucketWebsite'],
    ...body(
      `<WebsiteConfiguration ${xmlns}><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>`,
    ),
    answers: ['200'],
  }),
  ofBucket('DeleteBucketWebsite', 'DELETE', '?website', {
    needs: ['s3:DeleteBucketWebsite'],
    answers: ['204'],
  }),
  ofBucket('GetBucketEncryption', 'GET', '?encryption', {
    needs: ['s3:GetEncryptionConfiguration'],
    answers: ['404 ServerSideEncryptionConfigurationNotFoundError'],
  }),
  ofBucket('PutBucketEncryption', 'PUT', '?encryption', {
    needs: ['s3:PutEncryptionConfiguration'],
    ...body(
      `<ServerSideEncryptionConfiguration ${xmlns}><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
    ),
    answers: ['200'],
  }),
  ofBucket('DeleteBucketEncryption', 'DELETE', '?encryption', {
    needs: ['s3:PutEncryptionConfiguration'],
    answers: ['204'],
  }),
  ofBucket('GetBucketNotificationConfiguration', 'GET', '?notification', {
    needs: ['s3:GetBucketNotification'],
    answers: ['200'],
  }),
  ofBucket('PutBucketNotificationConfiguration', 'PUT', '?notification', {
    needs: ['s3:PutBucketNotification'],
    ...body(`<NotificationConfiguration ${xmlns}/>`),
    answers: ['200'],
  }),
  ofBucket('GetBucketReplication', 'GET', '?replication', {
    needs: ['s3:GetReplicationConfiguration'],
    answers: ['404 ReplicationConfigurationNotFoundError'],
  }),
  ofBucket('PutBucketReplication', 'PUT', '?replication', {
    needs: ['s3:PutReplicationConfiguration'],
    body: ({ open }) =>
      `<ReplicationConfiguration ${xmlns}><Role>r</Role><Rule><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::${open}</Bucket></Destination></Rule></ReplicationConfiguration>`,
    answers: ['400 InvalidRequest'], // the bucket keeps no versions
  }),
  ofBucket('DeleteBucketReplication', 'DELETE', '?replication', {
    needs: ['s3:PutReplicationConfiguration'],
    answers: ['204'],
  }),
  ofBucket('GetBucketLogging', 'GET', '?logging', {
    needs: ['s3:GetBucketLogging'],
    answers: ['200'],
  }),
  ofBucket('PutBucketLogging', 'PUT', '?logging', {
    needs: ['s3:PutBucketLogging'],
    ...body(`<BucketLoggingStatus ${xmlns}/>`),
    answers: ['200'],
  }),
  ofBucket('GetBucketRequestPayment', 'GET', '?requestPayment', {
    needs: ['s3:GetBucketRequestPayment'],
    answers: ['200'],
  }),
  ofBucket('PutBucketRequestPayment', 'PUT', '?requestPayment', {
    needs: ['s3:PutBucketRequestPayment'],
    ...body(
      `<RequestPaymentConfiguration ${xmlns}><Payer>Requester</Payer></RequestPaymentConfiguration>`,
    ),
    answers: ['200'],
  }),
  ofBucket('GetBucketAccelerateConfiguration', 'GET', '?accelerate', {
    needs: ['s3:GetAccelerateConfiguration'],
    answers: ['200'],
  }),
  ofBucket('ListBucketAnalyticsConfigurations', 'GET', '?analytics', {
    needs: ['s3:GetAnalyticsConfiguration'],
    answers: ['200'],
  }),
  ofBucket('ListBucketIntelligentTieringConfigurations', 'GET', '?intelligent-tiering', {
    needs: ['s3:GetIntelligentTieringConfiguration'],
    answers: ['200'],
  }),
  ofBucket('ListBucketInventoryConfigurations', 'GET', '?inventory', {
    needs: ['s3:GetInventoryConfiguration'],
    answers: ['200'],
  }),
  ofBucket('ListBucketMetricsConfigurations', 'GET', '?metrics', {
    needs: ['s3:GetMetricsConfiguration'],
    answers: ['200'],
  }),
  ofBucket('GetObjectLockConfiguration', 'GET', '?object-lock', {
    needs: ['s3:GetBucketObjectLockConfiguration'],
    answers: ['200'],
    ...versioned,
  }),
  ofBucket('PutObjectLockConfiguration', 'PUT', '?object-lock', {
    needs: ['s3:PutBucketObjectLockConfiguration'],
    ...body(
      `<ObjectLockConfiguration ${xmlns}><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>`,
    ),
    answers: ['200'],
    ...versioned,
  }),

  // Of objects
  ofObject('GetObject', 'GET', '', { needs: ['s3:GetObject'], answers: ['200'] }),
  ofObject('GetObject of a part', 'GET', '?partNumber=1', {
    needs: ['s3:GetObject'],
    answers: ['206'],
  }),
  ofVersion('GetObject', 'GET', '', { needs: ['s3:GetObjectVersion'], answers: ['200'] }),
  ofObject('HeadObject', 'HEAD', '', { needs: ['s3:GetObject'], answers: ['200'] }),
  ofObject('HeadObject of a part', 'HEAD', '?partNumber=1', {
    needs: ['s3:GetObject'],
    answers: ['206'],
  }),
  ofVersion('HeadObject', 'HEAD', '', { needs: ['s3:GetObjectVersion'], answers: ['200'] }),
  ofObject('GetObjectAttributes', 'GET', '?attributes', {
    needs: ['s3:GetObject', 's3:GetObjectAttributes'],
    ...headers(wholeObject),
    answers: ['200'],
  }),
  ofVersion('GetObjectAttributes', 'GET', 'attributes&', {
    needs: ['s3:GetObjectVersion', 's3:GetObjectVersionAttributes'],
    ...headers(wholeObject),
    answers: ['200'],
  }),
  ofObject('SelectObjectContent', 'POST', '?select&select-type=2', {
    needs: ['s3:GetObject'],
    ...body(
      `<SelectObjectContentRequest ${xmlns}><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL</ExpressionType><InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/></OutputSerialization></SelectObjectContentRequest>`,
    ),
    answers: ['200'],
  }),
  ofObject('PutObject', 'PUT', '', {
    needs: ['s3:PutObject'],
    ...body('another'),
    answers: ['200'],
  }),
  ofObject('PutObject under retention', 'PUT', '', {
    needs: ['s3:PutObject', 's3:PutObjectRetention'],
    ...headers({
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': retentionDay,
    }),
    ...body('another'),
    answers: ['200'],
    ...versioned,
  }),
  ofObject('PutObject under a hold', 'PUT', '', {
    needs: ['s3:PutObject', 's3:PutObjectLegalHold'],
    ...headers({ 'x-amz-object-lock-legal-hold': 'ON' }),
    ...body('another'),
    answers: ['200'],
    ...versioned,
  }),
  ofObject('CopyObject', 'PUT', '', { needs: ['s3:PutObject'], ...copyOpen, answers: ['200'] }),
  ofObject('CopyObject from', 'PUT', '', {
    needs: ['s3:GetObject'],
    target: ({ open, elsewhere }) => `/${open}/${elsewhere}`,
    headers: ({ bucket }) => ({ 'x-amz-copy-source': `${bucket}/${key}` }),
    answers: ['200'],
  }),
  ofVersion('CopyObject from', 'PUT', '', {
    needs: ['s3:GetObjectVersion'],
    target: ({ open, elsewhere }) => `/${open}/${elsewhere}`,
    headers: ({ bucket, version }) => ({
      'x-amz-copy-source': `${bucket}/${key}?versionId=${version}`,
    }),
    answers: ['200'],
  }),
  ofObject('DeleteObject', 'DELETE', '', { needs: ['s3:DeleteObject'], answers: ['204'] }),
  ofVersion('DeleteObject', 'DELETE', '', {
    needs: ['s3:DeleteObjectVersion'],
    answers: ['204'],
  }),
  ofVersion('DeleteObject in spite of governance', 'DELETE', '', {
    needs: ['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
    ...headers(bypass),
    answers: ['204'],
    retained: true,
  }),
  ofObject('DeleteObjects', 'POST', '', {
    needs: ['s3:DeleteObject'],
    target: ({ bucket }) => `/${bucket}?delete`,
    ...body(`<Delete ${xmlns}><Object><Key>${key}</Key></Object></Delete>`),
    answers: ['200'],
    refusal: '200 AccessDenied',
  }),
  ofVersion('DeleteObjects', 'POST', '', {
    needs: ['s3:DeleteObjectVersion'],
    target: ({ bucket }) => `/${bucket}?delete`,
    body: ({ version }) =>
      `<Delete ${xmlns}><Object><Key>${key}</Key><VersionId>${version}</VersionId></Object></Delete>`,
    answers: ['200'],
    refusal: '200 AccessDenied',
  }),
  ofVersion('DeleteObjects in spite of governance', 'POST', '', {
    needs: ['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
    target: ({ bucket }) => `/${bucket}?delete`,
    ...headers(bypass),
    body: ({ version }) =>
      `<Delete ${xmlns}><Object><Key>${key}</Key><VersionId>${version}</VersionId></Object></Delete>`,
    answers: ['200'],
    refusal: '200 AccessDenied',
    retained: true,
  }),
  ofObject('GetObjectAcl', 'GET', '?acl', { needs: ['s3:GetObjectAcl'], answers: ['200'] }),
  ofVersion('GetObjectAcl', 'GET', 'acl&', {
    needs: ['s3:GetObjectVersionAcl'],
    answers: ['200'],
  }),
  ofObject('PutObjectAcl', 'PUT', '?acl', {
    needs: ['s3:PutObjectAcl'],
    ...headers({ 'x-amz-acl': 'private' }),
    answers: ['200'],
  }),
  ofVersion('PutObjectAcl', 'PUT', 'acl&', {
    needs: ['s3:PutObjectVersionAcl'],
    ...headers({ 'x-amz-acl': 'private' }),
    answers: ['200'],
  }),
  ofObject('GetObjectTagging', 'GET', '?tagging', {
    needs: ['s3:GetObjectTagging'],
    answers: ['200'],
  }),
  ofVersion('GetObjectTagging', 'GET', 'tagging&', {
    needs: ['s3:GetObjectVersionTagging'],
    answers: ['200'],
  }),
  ofObject('PutObjectTagging', 'PUT', '?tagging', {
    needs: ['s3:PutObjectTagging'],
    ...body(tagging),
    answers: ['200'],
  }),
  ofVersion('PutObjectTagging', 'PUT', 'tagging&', {
    needs: ['s3:PutObjectVersionTagging'],
    ...body(tagging),
    answers: ['200'],
  }),
  ofObject('DeleteObjectTagging', 'DELETE', '?tagging', {
    needs: ['s3:DeleteObjectTagging'],
    answers: ['204'],
  }),
  ofVersion('DeleteObjectTagging', 'DELETE', 'tagging&', {
    needs: ['s3:DeleteObjectVersionTagging'],
    answers: ['204'],
  }),
  ofObject('GetObjectRetention', 'GET', '?retention', {
    needs: ['s3:GetObjectRetention'],
    answers: ['404 NoSuchObjectLockConfiguration'],
    ...versioned,
  }),
  ofObject('PutObjectRetention', 'PUT', '?retention', {
    needs: ['s3:PutObjectRetention'],
    ...body(retention),
    answers: ['200'],
    ...versioned,
  }),
  ofVersion('PutObjectRetention in spite of governance', 'PUT', 'retention&', {
    needs: ['s3:PutObjectRetention', 's3:BypassGovernanceRetention'],
    ...headers(bypass),
    ...body(`<Retention ${xmlns}/>`),
    answers: ['200'],
    retained: true,
  }),
  ofObject('GetObjectLegalHold', 'GET', '?legal-hold', {
    needs: ['s3:GetObjectLegalHold'],
    answers: ['404 NoSuchObjectLockConfiguration'],
    ...versioned,
  }),
  ofObject('PutObjectLegalHold', 'PUT', '?legal-hold', {
    needs: ['s3:PutObjectLegalHold'],
    ...body(`<LegalHold ${xmlns}><Status>ON</Status></LegalHold>`),
    answers: ['200'],
    ...versioned,
  }),
  ofObject('GetObjectTorrent', 'GET', '?torrent', {
    needs: ['s3:GetObjectTorrent'],
    answers: ['404 NoSuchKey'], // no object has one
  }),
  ofVersion('GetObjectTorrent', 'GET', 'torrent&', {
    needs: ['s3:GetObjectVersionTorrent'],
    answers: ['404 NoSuchKey'],
  }),
  ofObject('RestoreObject', 'POST', '?restore', {
    needs: ['s3:RestoreObject'],
    ...body(`<RestoreRequest ${xmlns}><Days>1</Days></RestoreRequest>`),
    answers: ['403 InvalidObjectState'], // nothing is ever archived
  }),

  // Of uploads
  ofObject('CreateMultipartUpload', 'POST', '?uploads', {
    needs: ['s3:PutObject'],
    answers: ['200'],
  }),
  ofObject('UploadPart', 'PUT', '', {
    needs: ['s3:PutObject'],
    target: (place) => `${withUpload(place)}&partNumber=2`,
    ...body('part'),
    answers: ['200'],
    ...upload,
  }),
  ofObject('UploadPartCopy', 'PUT', '', {
    needs: ['s3:PutObject'],
    target: (place) => `${withUpload(place)}&partNumber=2`,
    ...copyOpen,
    answers: ['200'],
    ...upload,
  }),
  ofObject('UploadPartCopy from', 'PUT', '', {
    needs: ['s3:GetObject'],
    target: ({ open, elsewhere, uploadId }) =>
      `/${open}/${elsewhere}?uploadId=${uploadId}&partNumber=2`,
    headers: ({ bucket }) => ({ 'x-amz-copy-source': `${bucket}/${key}` }),
    answers: ['200'],
    upload: 'elsewhere',
  }),
  ofObject('ListParts', 'GET', '', {
    needs: ['s3:ListMultipartUploadParts'],
    target: withUpload,
    answers: ['200'],
    ...upload,
  }),
  ofObject('CompleteMultipartUpload', 'POST', '', {
    needs: ['s3:PutObject'],
    target: withUpload,
    // The MD5 of `part`.
    ...body(
      `<CompleteMultipartUpload ${xmlns}><Part><PartNumber>1</PartNumber><ETag>f4c9385f1902f7334b00b9b4ecd164de</ETag></Part></CompleteMultipartUpload>`,
    ),
    answers: ['200'],
    ...upload,
  }),
  ofObject('AbortMultipartUpload', 'DELETE', '', {
    needs: ['s3:AbortMultipartUpload'],
    target: withUpload,
    answers: ['204'],
    ...upload,
  }),
]

export interface Statement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal: '*'
  readonly Action?: readonly string[]
  readonly NotAction?: readonly string[]
  readonly Resource: string | readonly string[]
}

export function statement(
  Effect: Statement['Effect'],
  Action: readonly string[],
  bucket: string,
): Statement {
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
  return { Effect, Principal: '*', Action, Resource }
}

export function policyOf(Statement: readonly Omit<Statement, 'Principal'>[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement })
}
