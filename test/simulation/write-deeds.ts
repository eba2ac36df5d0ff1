/** What clients do that changes a key: put, count, copy, delete. Each says afterwards what it knows of the key. */
import type { DeleteOptions, ObjectInfo } from '#object/model'
import { incoming } from './body.ts'
import * as cell from './cell.ts'
import type { Hands } from './hands.ts'
import type { Call, Claim } from './history.ts'
import { endLook } from './look-deeds.ts'
import {
  claim,
  conditionOf,
  counterPlace,
  guess,
  type Place,
  places,
  printCondition,
  refusalOf,
  steadyBucket,
  steadyPlaces,
} from './place.ts'
import { chance, pick } from './scenario.ts'
import type { Outcome } from './stage.ts'

interface Write {
  readonly call: Call
  readonly outcome: Outcome<ObjectInfo>
  /** What may have been written: one label as a rule. */
  readonly labels: readonly string[]
  readonly condition?: cell.LabelCondition
}

/** Ends the call of a write, with what its outcome claims. */
export function endWrite(hands: Hands, place: Place, write: Write): void {
  const { text, claims } = judgeWrite(hands, place, write)
  hands.stage.history.end(write.call, text, claims)
}

function judgeWrite(
  { stage, seen }: Hands,
  place: Place,
  { call, outcome, labels, condition = {} }: Write,
): { readonly text: string; readonly claims: readonly Claim[] } {
  const { history } = stage
  switch (outcome.kind) {
    case 'done': {
      seen.set(place.cell, outcome.value.etag)
      const label = stage.recognise(call, place.cell, outcome.value, { isNew: true })
      const step = cell.writes([label], condition, history.etagOf)
      if (!labels.includes(label)) history.violate(`${call.text}: ${label} was written instead`)
      return { text: `${label} at ${outcome.value.sequence}`, claims: claim(place, step) }
    }
    case 'unknown': {
      const step = cell.writes(labels, condition, history.etagOf)
      return { text: outcome.code, claims: guess(place, step) }
    }
    case 'refused': {
      const step = refusalOf(history, outcome.code, condition)
      return { text: outcome.code, claims: claim(place, step) }
    }
    case 'failed':
      return { text: outcome.code, claims: [] }
    case 'gone':
      return { text: 'given up', claims: [] }
  }
}

export async function put(hands: Hands, place: Place): Promise<void> {
  const bytes = hands.drawBytes()
  await putBytes(hands, place, {
    bytes,
    condition: hands.drawCondition(place),
    sending: hands.drawSending(bytes),
  })
}

/** Adds one to a number that all clients share: read, then write if it is still the same. No addition may be lost. */
export async function count(hands: Hands): Promise<void> {
  const looked = await hands.stage.attempt(`head ${counterPlace.cell}`, (objects) =>
    objects.head(counterPlace.bucket, counterPlace.key),
  )
  const info = endLook(hands, counterPlace, looked)
  if (info === undefined && looked.outcome.kind !== 'refused') return
  const condition = info === undefined ? { isNew: true } : { ifMatch: info.etag }
  const sending = { pieceBytes: 64, pause: async () => {} }
  await putBytes(hands, counterPlace, { bytes: 40, condition, sending })
}

async function putBytes(
  hands: Hands,
  place: Place,
  {
    bytes,
    condition,
    sending,
  }: {
    readonly bytes: number
    readonly condition: cell.LabelCondition
    readonly sending: Parameters<typeof incoming>[1]
  },
): Promise<void> {
  const { stage } = hands
  const label = hands.nextLabel()
  const { content, etag } = stage.write(label, bytes)
  const signal = hands.drawPatience()
  stage.history.learnEtag(label, etag)
  stage.history.noteLabels(place.cell, [label])
  const { call, outcome } = await stage.attempt(
    `put ${place.cell} ${label} ${bytes} B${printCondition(condition)}`,
    (objects) =>
      objects.put(place.bucket, place.key, {
        body: incoming(content, sending),
        metadata: { user: { label } },
        ...conditionOf(condition),
        signal,
      }),
  )
  endWrite(hands, place, { call, outcome, labels: [label], condition })
}

/** A deletion, sometimes only of the version seen last. */
export async function remove(hands: Hands, place: Place): Promise<void> {
  const { history } = hands.stage
  const etag = hands.seen.get(place.cell)
  const condition = etag !== undefined && chance(hands.world, 0.3) ? { ifMatch: etag } : {}
  const { call, outcome } = await hands.stage.attempt(
    `delete ${place.cell}${printCondition(condition)}`,
    (objects) => objects.delete(place.bucket, place.key, deleteConditionOf(condition)),
  )
  const step = cell.deletes(condition, history.etagOf)
  if (outcome.kind === 'done') history.end(call, 'done', claim(place, step))
  else if (outcome.kind === 'unknown') history.end(call, outcome.code, guess(place, step))
  else if (outcome.kind === 'refused')
    history.end(call, outcome.code, claim(place, refusalOf(history, outcome.code, condition)))
  else history.end(call, outcome.kind)
}

function deleteConditionOf({ ifMatch }: cell.LabelCondition): DeleteOptions {
  return ifMatch === undefined ? {} : { condition: { ifMatch: [ifMatch] } }
}

export async function removeMany({ stage, world }: Hands): Promise<void> {
  const { history } = stage
  const chosen = steadyPlaces.filter(() => chance(world, 0.4))
  const names = chosen.map(({ cell: name }) => name).join(' ')
  const { call, outcome } = await stage.attempt(`delete many ${names}`, (objects) =>
    objects.deleteMany(
      steadyBucket,
      chosen.map(({ key }) => ({ key })),
    ),
  )
  const claims = chosen.map((place, index): Claim => {
    const one = outcome.kind === 'done' ? outcome.value[index] : undefined
    const error = one instanceof Error ? one : undefined
    const isCertain = outcome.kind === 'done' && error === undefined
    if (stage.isCalm && error !== undefined) history.violate(`${call.text}: ${error.message}`)
    return { cell: place.cell, step: cell.deletes(), isCertain }
  })
  history.end(call, outcome.kind, claims)
}

export async function copy(hands: Hands, target: Place): Promise<void> {
  const { stage, world } = hands
  const { history } = stage
  const source = pick(world, places)
  if (source === undefined) return
  const isKept = chance(world, 0.3)
  const label = hands.nextLabel()
  const condition = hands.drawCondition(target)
  const signal = hands.drawPatience()
  if (isKept) history.noteKeptCopy(target.cell)
  else history.noteLabels(target.cell, [label])
  const { call, outcome } = await stage.attempt(
    `copy ${source.cell} to ${target.cell} as ${isKept ? 'it is' : label}${printCondition(condition)}`,
    (objects) =>
      objects.copy(source, target, {
        ...(isKept ? {} : { metadata: { user: { label } } }),
        ...conditionOf(condition),
        signal,
      }),
  )
  const labels = isKept ? history.labelsOf(source.cell) : [label]
  if (isKept) history.noteLabels(target.cell, labels)
  if (outcome.kind === 'done' && source.cell !== target.cell)
    history.observe(call, source.cell, cell.seesEtag(outcome.value.etag, history.etagOf))
  // Which of the two keys or buckets is missing, a refusal does not say.
  if (outcome.kind === 'refused' && outcome.code !== 'object/precondition-failed')
    return history.end(call, outcome.code)
  endWrite(hands, target, { call, outcome, labels, condition })
}

/** Creates or deletes the bucket that is not always there. */
export async function changeBucket({ stage, world }: Hands, place: Place): Promise<void> {
  const { history } = stage
  const isCreation = chance(world, 0.6)
  const { call, outcome } = await stage.attempt(
    `${isCreation ? 'create' : 'delete'} bucket ${place.bucket}`,
    async (objects) => {
      if (isCreation) await objects.createBucket(place.bucket)
      else await objects.deleteBucket(place.bucket)
    },
  )
  const step = isCreation ? cell.createsBucket : cell.deletesBucket
  if (outcome.kind === 'done') history.end(call, 'done', claim(place, step))
  else if (outcome.kind === 'unknown') history.end(call, outcome.code, guess(place, step))
  else if (outcome.kind === 'refused')
    history.end(call, outcome.code, claim(place, refusalOf(history, outcome.code, {})))
  else history.end(call, outcome.kind)
}
