/**
 * Uploads from browsers' forms. A form is a PUT in other clothes: its fields stand for headers, its file for the body, and a signed
 * policy for the signature. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
import { incomingBody } from '#api/s3/body'
import type { Call, NameCall, ObjectCall } from '#api/s3/call'
import { checksumHeaders } from '#api/s3/checksums'
import { encryptionHeaders, readEncryption } from '#api/s3/encryption'
import { enter } from '#api/s3/enter'
import { invalidArgument, malformedXml, s3Fault } from '#api/s3/faults'
import { type Form, type FormFields, type FormFile, formBoundary, readForm } from '#api/s3/form'
import { expirationHeader } from '#api/s3/lifecycle-headers'
import { putBytesMax } from '#api/s3/limits'
import { readMetadata } from '#api/s3/metadata'
import { originOf } from '#api/s3/origin'
import { anyBytes, type ByteBounds, checkPostPolicy, parsePostPolicy } from '#api/s3/post-policy'
import { refuseUnkeptPromises } from '#api/s3/promises'
import { quoted } from '#api/s3/response'
import { objectTagsMax, parseTagging } from '#api/s3/tags'
import { readTraits } from '#api/s3/traits'
import { versionHeaders } from '#api/s3/versions'
import { readXml } from '#api/s3/xml-reader'
import { leaf, plainXmlDocument } from '#api/s3/xml-writer'
import type { HttpBody, HttpHeaders, HttpRequest, HttpResponse } from '#http/message'
import { parseTarget } from '#http/target'
import type { Caller } from '#identity/caller'
import { identityFault } from '#identity/faults'
import { asHeaderBytes } from '#identity/latin1'
import { authenticateForm } from '#identity/post-form'
import type { Proof } from '#identity/proof'
import type { SigningKeys } from '#identity/signing-keys'
import type { ObjectKey } from '#object/model'
import { parseObjectKey } from '#object/names'

/** A request whose sender only its body tells. */
export interface FormUpload
  extends Pick<NameCall, 'door' | 'request' | 'query' | 'bucket' | 'tenant'> {
  readonly signingKeys: SigningKeys
  /** Called as soon as there is a proof: whose request this is; `undefined` for somebody unknown. */
  callerOf(proof: Proof): Caller | undefined
}

/**
 * What the headers say is refused before a byte of the body is received, what the fields say before a byte of the file. A file that
 * the policy does not allow is refused when that shows: nothing of it becomes visible.
 */
export async function postObject(upload: FormUpload): Promise<HttpResponse> {
  const { door, request, query, bucket, tenant } = upload
  const { headers } = request
  const boundary = formBoundary(headers['content-type'])
  if (headers['authorization'] !== undefined) throw identityFault('identity/two-authorizations')
  const form = await readForm(request.body, { boundary })
  const proof = await prove(form, upload)
  const caller = upload.callerOf(proof)
  const { key, file, fileBytes } = checkForm(form, { ...upload, proof })
  const asPut = { ...request, body: bodyOf(file, request) }
  const said = headersOf(form.fields, headers)
  const call = await enter(
    { door, request: asPut, proof, caller, query, headers: said, bucket, tenant },
    { action: 's3:PutObject', key },
  )
  return await putFile({ ...call, key }, form.fields, fileBytes)
}

async function prove({ fields }: Form, { door, signingKeys }: FormUpload): Promise<Proof> {
  const { lookups, regions, world } = door
  return await authenticateForm((name) => fields.get(name)?.value, {
    accessKeys: lookups.key,
    regions,
    signingKeys,
    now: world.now(),
  })
}

interface CheckedForm {
  readonly key: ObjectKey
  readonly file: FormFile
  readonly fileBytes: ByteBounds
}

/** The policy is held against the fields as they will be used: "all variables within the form are expanded prior to validating". */
function checkForm(
  { fields, file }: Form,
  { door, bucket, proof }: FormUpload & { readonly proof: Proof },
): CheckedForm {
  const keyField = fields.get('key')
  if (keyField === undefined) {
    throw invalidArgument(
      'key',
      "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
    )
  }
  if (file === undefined) {
    throw invalidArgument('file', 'POST requires exactly one file upload per request.')
  }
  const key = keyField.value.replaceAll(/\$\{filename\}/g, () => lastName(file.filename ?? ''))
  if (proof.kind === 'anonymous') return { key: parseObjectKey(key), file, fileBytes: anyBytes } // nobody has signed a policy
  const values = new Map([...fields].map(([name, { value }]) => [name, value]))
  values.set('key', key)
  const policy = parsePostPolicy(values.get('policy') ?? '')
  checkPostPolicy(policy, { values, bucket, now: door.world.now() })
  return { key: parseObjectKey(key), file, fileBytes: policy.fileBytes }
}

/** Some browsers send the path as well: "only the text following the last slash (/) or backslash (\) will be used". */
function lastName(filename: string): string {
  return filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1)
}

/** The file as if it were all that the request has brought. */
function bodyOf({ stream }: FormFile, { body }: HttpRequest): HttpBody {
  return {
    bytes: undefined,
    get received() {
      return body.received
    },
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
  }
}

/** Fields that are named as the headers they stand for; `x-amz-…` are, too. */
const headerFields: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'expires',
])

/** Of the request's own headers those that are about the request. What is about the object counts in fields alone, where a policy covers it. */
const requestHeaders = ['host', 'referer', 'user-agent', 'x-amz-expected-bucket-owner']

/** What a PUT of the file, whose length nobody knows beforehand, would say in its headers. `s3/malformed-xml`, `s3/invalid-tag` */
function headersOf(fields: FormFields, sent: HttpHeaders): Call['headers'] {
  const headers: Record<string, string | undefined> = { 'transfer-encoding': 'chunked' }
  for (const name of requestHeaders) headers[name] = sent[name]
  for (const [name, { value }] of fields) {
    if (name === 'acl') headers['x-amz-acl'] = asHeaderBytes(value)
    else if (name === 'tagging') headers['x-amz-tagging'] = tagHeader(value)
    else if (headerFields.has(name) || name.startsWith('x-amz-')) {
      headers[name] = asHeaderBytes(value)
    }
  }
  return headers
}

/** A `Tagging` document as `x-amz-tagging`. */
function tagHeader(text: string): string {
  const document = readXml(Buffer.from(text))
  if (document.name !== 'Tagging') throw malformedXml('expected Tagging')
  return parseTagging(document, objectTagsMax)
    .map((tag) => tag.map(encodeURIComponent).join('='))
    .join('&')
}

async function putFile(
  call: ObjectCall,
  fields: FormFields,
  { min, max }: ByteBounds,
): Promise<HttpResponse> {
  const { door, bucket, key, request } = call
  refuseUnkeptPromises(call)
  const body = incomingBody(call, { bytesMax: Math.min(max, putBytesMax) })
  const written = await door.objects.put(bucket, key, {
    body: { ...body, stream: atLeast(min, body.stream) },
    metadata: readMetadata(call),
    ...(await readTraits(call)),
    ...originOf(call, { means: 'form' }),
    encryption: readEncryption(call),
    signal: request.signal,
  })
  const { etag, checksum } = written
  const headers = {
    etag: quoted(etag),
    ...versionHeaders(written),
    ...expirationHeader(call, written),
    ...checksumHeaders(checksum),
    ...encryptionHeaders(call, written),
  }
  return answer({ fields, bucket, key, etag: quoted(etag), location: locationOf(call) }, headers)
}

/** A stream that is shorter throws at its end, so that nothing of it becomes visible. `s3/body-too-small` */
async function* atLeast(
  bytesMin: number,
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const piece of stream) {
    bytes += piece.length
    yield piece
  }
  if (bytes < bytesMin) throw s3Fault('s3/body-too-small', { bytes, bytesMin })
}

interface Posted {
  readonly fields: FormFields
  readonly bucket: string
  readonly key: string
  /** In quotes. */
  readonly etag: string
  readonly location: string
}

/** As the form wishes: a redirection, 200, 201 with a document, or else 204. */
function answer(posted: Posted, headers: HttpResponse['headers']): HttpResponse {
  const { fields, bucket, key, etag, location } = posted
  const redirection = redirectionOf(posted)
  if (redirection !== undefined) {
    return { status: 303, headers: { ...headers, location: redirection } }
  }
  const status = fields.get('success_action_status')?.value
  if (status === '201') {
    const body = plainXmlDocument(
      'PostResponse',
      leaf('Location', location),
      leaf('Bucket', bucket),
      leaf('Key', key),
      leaf('ETag', etag),
    )
    return {
      status: 201,
      headers: { 'content-type': 'application/xml', ...headers, location },
      body,
    }
  }
  return { status: status === '200' ? 200 : 204, headers: { ...headers, location } }
}

/** Where the browser shall go on, told what it has uploaded. `undefined` when no page of the web is named. */
function redirectionOf({ fields, bucket, key, etag }: Posted): string | undefined {
  // `redirect` is the old name, which forms still have.
  const text = (fields.get('success_action_redirect') ?? fields.get('redirect'))?.value ?? ''
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  const added = Object.entries({ bucket, key, etag })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  url.search = url.search === '' ? `?${added}` : `${url.search}&${added}`
  return url.href
}

/** The object's address, written as the form's own. */
function locationOf({ request, key }: ObjectCall): string {
  const bucketPath = parseTarget(request.target).rawPath.replace(/\/$/, '')
  const path = key.split('/').map(encodeURIComponent).join('/')
  return `http://${request.headers['host'] ?? ''}${bucketPath}/${path}`
}
