/** A multipart upload from its beginning to its end, or to where the client leaves it. One client's own, so its parts are known exactly. */
import type { ObjectInfo, ObjectStore, UploadId } from '#object/model'
import { contentOf, etagOf, etagOfParts, incoming } from './body.ts'
import * as cell from './cell.ts'
import type { Hands } from './hands.ts'
import type { Call } from './history.ts'
import {
  claim,
  conditionOf,
  guess,
  type Place,
  places,
  printCondition,
  refusalOf,
} from './place.ts'
import { chance, pick } from './scenario.ts'
import type { Outcome } from './stage.ts'
import { endWrite } from './write-deeds.ts'

interface SentPart {
  readonly etag: string
  readonly content: Buffer
  /** False after a later sending whose outcome nobody knows. */
  isSure: boolean
}

interface Upload {
  readonly hands: Hands
  readonly place: Place
  readonly label: string
  readonly uploadId: UploadId
  readonly parts: Map<number, SentPart>
}

export async function runUpload(hands: Hands, place: Place): Promise<void> {
  const { stage, world } = hands
  const label = hands.nextLabel()
  const { call, outcome } = await stage.attempt(
    `begin upload ${label} of ${place.cell}`,
    (objects) => objects.createUpload(place.bucket, place.key, { metadata: { user: { label } } }),
  )
  if (outcome.kind !== 'done') return endOther(hands, place, { call, outcome })
  const { uploadId } = outcome.value
  stage.history.end(call, uploadId)
  const upload = { hands, place, label, uploadId, parts: new Map<number, SentPart>() }
  const sendings = 1 + Math.floor(world.random() * 4)
  for (let sent = 0; sent < sendings; sent += 1) {
    const number = 1 + Math.floor(world.random() * 3)
    if (chance(world, 0.2)) await copyPart(upload, number)
    else await sendPart(upload, number)
  }
  if (chance(world, 0.3)) await listParts(upload)
  if (chance(world, 0.75)) await complete(upload)
  else if (chance(world, 0.6)) await abort(upload)
}

async function sendPart(upload: Upload, number: number): Promise<void> {
  const { hands, place, parts } = upload
  const { stage } = hands
  const bytes = Math.floor(hands.drawBytes() / 2)
  const partLabel = `${upload.label}-${hands.nextLabel()}`
  const content = contentOf(partLabel, bytes)
  const sending = hands.drawSending(bytes)
  const signal = hands.drawPatience()
  const { call, outcome } = await stage.attempt(
    `part ${number} of ${upload.label}, ${bytes} B`,
    (objects) =>
      objects.putPart(addressOf(upload), number, { body: incoming(content, sending), signal }),
  )
  if (outcome.kind === 'done') {
    const etag = etagOf(content)
    if (outcome.value.etag !== etag)
      stage.history.violate(`${call.text}: ETag ${outcome.value.etag}, not ${etag}`)
    parts.set(number, { etag, content, isSure: true })
    return stage.history.end(call, etag)
  }
  if (outcome.kind === 'unknown') doubt(upload, number)
  endOther(hands, place, { call, outcome })
}

/** Part of an object that has an ETag the client has seen, or nothing. */
async function copyPart(upload: Upload, number: number): Promise<void> {
  const { hands, place, parts } = upload
  const { stage, world, seen } = hands
  const source = pick(world, places)
  const etag = source && seen.get(source.cell)
  const whole = etag && stage.contentOf(etag)
  if (source === undefined || etag === undefined || !whole) return
  const first = Math.floor(world.random() * whole.length)
  const last = first + Math.floor(world.random() * (whole.length - first))
  const range = whole.length > 0 && chance(world, 0.7) ? { first, last } : undefined
  const content = range === undefined ? whole : whole.subarray(first, last + 1)
  const { signal } = new AbortController()
  const { call, outcome } = await stage.attempt(
    `part ${number} of ${upload.label} from ${source.cell} ${etag}, ${content.length} B`,
    (objects) =>
      objects.copyPart(
        addressOf(upload),
        number,
        { bucket: source.bucket, key: source.key, ifMatch: [etag], ...(range && { range }) },
        { signal },
      ),
  )
  if (outcome.kind === 'done') {
    parts.set(number, { etag: outcome.value.etag, content, isSure: true })
    if (outcome.value.bytes !== content.length)
      stage.history.violate(`${call.text}: ${outcome.value.bytes} B were copied`)
    return stage.history.end(call, outcome.value.etag)
  }
  if (outcome.kind === 'unknown') doubt(upload, number)
  // A refusal may be the source's as well as the upload's.
  if (outcome.kind === 'refused') return stage.history.end(call, outcome.code)
  endOther(hands, place, { call, outcome })
}

function doubt({ parts }: Upload, number: number): void {
  const part = parts.get(number)
  if (part !== undefined) part.isSure = false
}

async function listParts(upload: Upload): Promise<void> {
  const { hands, place, parts } = upload
  const { history } = hands.stage
  const { call, outcome } = await hands.stage.attempt(`parts of ${upload.label}`, (objects) =>
    objects.listParts(addressOf(upload), { after: 0, limit: 1_000 }),
  )
  if (outcome.kind !== 'done') return endOther(hands, place, { call, outcome })
  const found = new Map(outcome.value.parts.map(({ number, etag }) => [number, etag]))
  for (const [number, { etag, isSure }] of parts)
    if (isSure && found.get(number) !== etag)
      history.violate(`${call.text}: part ${number} is ${found.get(number)}, not ${etag}`)
  history.end(call, [...found.keys()].join(' '))
}

async function complete(upload: Upload): Promise<void> {
  const { hands, place, label } = upload
  const { stage } = hands
  const chosen = [...upload.parts].sort(([one], [other]) => one - other)
  if (chosen.length === 0) return
  const content = Buffer.concat(chosen.map(([, part]) => part.content))
  const etag = etagOfParts(chosen.map(([, part]) => part.etag))
  const isSure = chosen.every(([, part]) => part.isSure)
  const condition = hands.drawCondition(place)
  stage.learnContent(etag, () => content)
  stage.history.learnEtag(label, etag)
  stage.history.noteLabels(place.cell, [label])
  const ask = (objects: ObjectStore): Promise<ObjectInfo> =>
    objects.completeUpload(
      addressOf(upload),
      chosen.map(([number, part]) => ({ number, etag: part.etag })),
      conditionOf(condition),
    )
  const text = `complete ${label} of ${place.cell}, ${content.length} B${printCondition(condition)}`
  const first = await stage.attempt(text, ask)
  const { outcome } = first
  if (outcome.kind === 'refused' && (outcome.code === 'object/part-missing') === isSure)
    checkUploadRefusal(upload, first.call, outcome.code)
  if (outcome.kind === 'refused' && isAboutUpload(outcome.code))
    stage.history.end(first.call, outcome.code)
  else endWrite(hands, place, { ...first, labels: [label], condition })
  if (outcome.kind !== 'done' && outcome.kind !== 'unknown') return
  if (outcome.kind === 'done' && chance(hands.world, 0.6)) return
  await completeAgain(upload, ask, { isCompleted: outcome.kind === 'done' })
}

/** What a client does that has had no answer, or does not trust it. */
async function completeAgain(
  { hands, place, label }: Upload,
  ask: (objects: ObjectStore) => Promise<ObjectInfo>,
  { isCompleted }: { readonly isCompleted: boolean },
): Promise<void> {
  const { stage } = hands
  const { history } = stage
  const { call, outcome } = await stage.attempt(`complete ${label} of ${place.cell} again`, ask)
  const writes = cell.writes([label])
  if (outcome.kind === 'done') {
    stage.recognise(call, place.cell, outcome.value, { isNew: false })
    const step = isCompleted ? cell.sees(label) : writes
    return history.end(call, `${label} at ${outcome.value.sequence}`, claim(place, step))
  }
  if (outcome.kind === 'unknown')
    return history.end(call, outcome.code, isCompleted ? [] : guess(place, writes))
  // A copy may have made another version of the same label: then the upload is forgotten with the one it made.
  const isTold = isCompleted && !history.hasKeptCopy(place.cell)
  if (outcome.kind === 'refused' && isTold && isAboutUpload(outcome.code))
    return history.end(call, outcome.code, claim(place, cell.differs(label)))
  if (outcome.kind === 'refused' && isAboutUpload(outcome.code))
    return history.end(call, outcome.code)
  // Before it looks at the upload, the store may find that the condition does not hold; then it says nothing of the upload.
  history.end(call, outcome.kind === 'refused' ? outcome.code : outcome.kind)
}

async function abort(upload: Upload): Promise<void> {
  const { hands, place, label } = upload
  const { stage } = hands
  const { call, outcome } = await stage.attempt(`abort ${label}`, (objects) =>
    objects.abortUpload(addressOf(upload)),
  )
  if (outcome.kind !== 'done') return endOther(hands, place, { call, outcome })
  stage.history.end(call, 'done')
  const listing = await stage.attempt(`parts of ${label}, aborted`, (objects) =>
    objects.listParts(addressOf(upload), { after: 0, limit: 1 }),
  )
  const { outcome: seen } = listing
  if (seen.kind === 'done') stage.history.violate(`${listing.call.text}: the upload is back`)
  stage.history.end(listing.call, seen.kind === 'refused' ? seen.code : seen.kind)
}

/** Ends a call that changes no key, and that was not done. */
function endOther(
  { stage: { history } }: Hands,
  place: Place,
  { call, outcome }: { readonly call: Call; readonly outcome: Outcome<unknown> },
): void {
  if (outcome.kind === 'refused' && outcome.code === 'object/no-such-upload')
    refuseUpload(history.violate.bind(history), place, call)
  const isAboutBucket = outcome.kind === 'refused' && outcome.code === 'object/no-such-bucket'
  const text = 'code' in outcome ? outcome.code : outcome.kind
  history.end(call, text, isAboutBucket ? claim(place, refusalOf(history, text, {})) : [])
}

/** An upload is lost only with its bucket. */
function refuseUpload(violate: (text: string) => void, place: Place, call: Call): void {
  if (place.bucket === 'steady') violate(`${call.text}: the upload is lost`)
}

function checkUploadRefusal({ hands, place }: Upload, call: Call, code: string): void {
  const { history } = hands.stage
  if (code === 'object/part-missing') history.violate(`${call.text}: a part is lost`)
  if (code === 'object/no-such-upload') refuseUpload(history.violate.bind(history), place, call)
}

function isAboutUpload(code: string): boolean {
  return code === 'object/part-missing' || code === 'object/no-such-upload'
}

function addressOf({ place, uploadId }: Upload): Place & { readonly uploadId: UploadId } {
  return { ...place, uploadId }
}
