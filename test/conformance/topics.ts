/**
 * What each function of the suite's test_s3.py is about: one topic each, by its markers and its name, the first rule that fits. Names and markers are read
 * from the checkout; none of its text is kept here.
 */
export interface SuiteTest {
  readonly name: string
  readonly markers: ReadonlySet<string>
}

/** A test with one of these is about one server, or needs what only its makers have: the field leaves them out ("portable"). */
const unportable: ReadonlySet<string> = new Set([
  'bucket_logging',
  'bucket_logging_cleanup',
  'cloud_transition',
  'cloud_restore',
  'fails_on_rgw',
  'fails_on_dho',
  'storage_class',
  'iam_account',
  'iam_user',
  'lifecycle_transition',
])

export function isPortable({ markers }: SuiteTest): boolean {
  return markers.isDisjointFrom(unportable)
}

/** Every test function of a Python source with the markers above it. */
export function readTests(source: string): readonly SuiteTest[] {
  const tests: SuiteTest[] = []
  let markers = new Set<string>()
  for (const line of source.split('\n')) {
    const [, marker] = /^@pytest\.mark\.(\w+)/.exec(line) ?? []
    if (marker !== undefined) {
      markers.add(marker)
      continue
    }
    const [, definition, name = ''] = /^(def|class) (\w+)/.exec(line) ?? []
    if (definition === undefined) continue
    if (definition === 'def' && name.startsWith('test_')) tests.push({ name, markers })
    markers = new Set()
  }
  return tests
}

const rules: readonly (readonly [topic: string, name: RegExp, ...markers: readonly string[]])[] = [
  ['object lock', /object_lock/],
  ['encryption', /encrypt|sse_|_sse|kms/, 'encryption', 'bucket_encryption', 'sse_s3'],
  ['POST object', /^test_post_object/],
  ['bucket logging', /logging/, 'bucket_logging', 'bucket_logging_cleanup'],
  ['cloud tiering', /cloud/, 'cloud_transition', 'cloud_restore'],
  ['lifecycle', /lifecycle/, 'lifecycle', 'lifecycle_expiration', 'lifecycle_transition'],
  ['CORS', /cors/],
  ['ownership', /ownership|bucket_owner_|object_writer/, 'object_ownership'],
  ['public access block', /public_block|block_public|ignore_public/],
  ['conditional', /if_?n?o?n?e?_?match|ifnonmatch|if(un)?modified/, 'conditional_write'],
  ['bucket policy', /policy/, 'bucket_policy'],
  ['tagging', /_tag(s|ging)?(_|$)/, 'tagging'],
  ['multipart', /multipart/],
  ['ACL', /acl|grant|access_bucket/],
  ['checksum', /checksum|cksum/, 'checksum'],
  ['listing', /bucket_list|listv2|basic_key_count/, 'list_objects_v2'],
  ['versioning', /version|delete_marker/, 'delete_marker'],
  ['copy', /copy/, 'copy'],
  ['range and atomic', /ranged|atomic/],
  ['presigned and anonymous', /_raw_|anon/],
  ['buckets', /bucket/],
]

export function topicOf({ name, markers }: SuiteTest): string {
  const found = rules.find(
    ([, pattern, ...marks]) => pattern.test(name) || marks.some((mark) => markers.has(mark)),
  )
  return found?.[0] ?? 'objects'
}
