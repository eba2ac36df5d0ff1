import type { BucketCall } from '#api/s3/call'
import { invalidArgument, invalidRequest, malformedXml, s3Fault } from '#api/s3/faults'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { removalOf } from '#api/s3/setting-removal'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { Redirect, RoutingRedirect, RoutingRule, Website } from '#object/website'

/** AWS's limit. */
const rulesMax = 50

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html */
export async function getBucketWebsite({ facts, bucket }: BucketCall): Promise<HttpResponse> {
  const { website } = facts.config
  if (website === undefined) throw s3Fault('s3/no-such-website', { bucket })
  return xmlResponse('WebsiteConfiguration', websiteElements(website))
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html */
export async function putBucketWebsite(call: BucketCall): Promise<HttpResponse> {
  const website = readWebsite(await readXmlBody(call, 'WebsiteConfiguration'))
  await call.door.objects.configure(call.bucket, 'website', website)
  return emptyResponse(200)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html */
export const deleteBucketWebsite = removalOf('website')

function readWebsite(document: XmlElement): Website {
  const elsewhere = childOf(document, 'RedirectAllRequestsTo')
  const index = childOf(document, 'IndexDocument')
  const error = childOf(document, 'ErrorDocument')
  const rules = childOf(document, 'RoutingRules')
  if (elsewhere !== undefined) {
    if (index !== undefined || error !== undefined || rules !== undefined)
      throw malformedXml('RedirectAllRequestsTo stands alone')
    const { host, ...redirect } = readRedirect(elsewhere)
    if (host === undefined) throw malformedXml('HostName')
    return { kind: 'elsewhere', host, ...redirect }
  }
  const suffix = index && textOf(index, 'Suffix')
  if (suffix === undefined) throw malformedXml('IndexDocument')
  if (suffix === '' || suffix.includes('/')) {
    const reason = 'The IndexDocument Suffix is not well formed'
    throw invalidArgument('IndexDocument', reason)
  }
  const page = error && textOf(error, 'Key')
  if (error !== undefined && (page === undefined || page === ''))
    throw malformedXml('ErrorDocument')
  return {
    kind: 'pages',
    index: suffix,
    ...(page === undefined ? {} : { error: page }),
    rules: readRules(rules),
  }
}

function readRules(rules: XmlElement | undefined): readonly RoutingRule[] {
  const found = childrenOf(rules, 'RoutingRule')
  if (found.length > rulesMax)
    throw invalidRequest(`At most ${rulesMax} routing rules are allowed.`)
  return found.map(readRule)
}

function readRule(rule: XmlElement): RoutingRule {
  const condition = childOf(rule, 'Condition')
  const redirect = childOf(rule, 'Redirect')
  if (redirect === undefined) throw malformedXml('Redirect')
  const prefix = condition && textOf(condition, 'KeyPrefixEquals')
  const errorCode = readStatus(condition && textOf(condition, 'HttpErrorCodeReturnedEquals'), '45')
  if (condition !== undefined && prefix === undefined && errorCode === undefined)
    throw malformedXml('Condition')
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(errorCode === undefined ? {} : { errorCode }),
    redirect: readRoutingRedirect(redirect),
  }
}

function readRoutingRedirect(element: XmlElement): RoutingRedirect {
  const keyPrefix = textOf(element, 'ReplaceKeyPrefixWith')
  const key = textOf(element, 'ReplaceKeyWith')
  const status = readStatus(textOf(element, 'HttpRedirectCode'), '3')
  if (keyPrefix !== undefined && key !== undefined) {
    const reason = 'You can only define ReplaceKeyPrefix or ReplaceKey but not both.'
    throw invalidRequest(reason)
  }
  const redirect = {
    ...readRedirect(element),
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
    ...(key === undefined ? {} : { key }),
    ...(status === undefined ? {} : { status }),
  }
  if (Object.keys(redirect).length === 0) throw malformedXml('Redirect')
  return redirect
}

/** A host is what stands between `//` and the path of a URL, and nothing that could end it early. */
function readRedirect(element: XmlElement): Redirect {
  const host = textOf(element, 'HostName')?.trim()
  const protocol = textOf(element, 'Protocol')?.trim()
  if (host !== undefined && !/^[\w.:[\]-]{1,255}$/.test(host)) throw malformedXml('HostName')
  if (protocol !== undefined && protocol !== 'http' && protocol !== 'https') {
    const reason = 'Invalid protocol, protocol can be http or https.'
    throw invalidRequest(reason)
  }
  return {
    ...(host === undefined ? {} : { host }),
    ...(protocol === undefined ? {} : { protocol }),
  }
}

/** Three digits, the first of which is one of `classes`. */
function readStatus(text: string | undefined, classes: string): number | undefined {
  if (text === undefined) return undefined
  const digits = text.trim()
  if (/^\d{3}$/.test(digits) && classes.includes(digits.charAt(0))) return Number(digits)
  const reason = `The provided HTTP code (${digits.slice(0, 20)}) is not valid.`
  throw invalidRequest(reason)
}

function websiteElements(website: Website): readonly Xml[] {
  if (website.kind === 'elsewhere')
    return [branch('RedirectAllRequestsTo', ...redirectElements(website))]
  const { index, error, rules } = website
  return [
    branch('IndexDocument', leaf('Suffix', index)),
    ...(error === undefined ? [] : [branch('ErrorDocument', leaf('Key', error))]),
    ...(rules.length === 0 ? [] : [branch('RoutingRules', branches(rules, ruleElement))]),
  ]
}

function ruleElement({ prefix, errorCode, redirect }: RoutingRule): Xml {
  const conditions = [
    leaf('KeyPrefixEquals', prefix),
    leaf('HttpErrorCodeReturnedEquals', errorCode),
  ]
  const isConditional = prefix !== undefined || errorCode !== undefined
  return branch(
    'RoutingRule',
    ...(isConditional ? [branch('Condition', ...conditions)] : []),
    branch(
      'Redirect',
      ...redirectElements(redirect),
      leaf('ReplaceKeyPrefixWith', redirect.keyPrefix),
      leaf('ReplaceKeyWith', redirect.key),
      leaf('HttpRedirectCode', redirect.status),
    ),
  )
}

function redirectElements({ host, protocol }: Redirect): readonly Xml[] {
  return [leaf('HostName', host), leaf('Protocol', protocol)]
}
