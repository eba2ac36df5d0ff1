import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import { blake3 } from '#crypto/blake3'
import { deriveFromPassphrase, type PassphraseCost } from '#crypto/derive'
import { wrapKey } from '#crypto/key-wrap'
import { isFault } from '#fault/fault'
import { addGeneration, createKeyring, newestKeyring, rotateMaster } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { parseKeyringFile, printKeyringFile } from '#keyring/keyring-file'
import {
  newMasterKey,
  newPassphraseRecipe,
  parseMasterKey,
  passphraseRecipe,
  printMasterKey,
} from '#keyring/master-key'
import { SimulatedWorld } from '#world/simulated'

const golden: {
  readonly master: string
  readonly storeId: string
  readonly serial: string
  readonly passphrase: { readonly salt: string } & PassphraseCost
  readonly generations: readonly { readonly number: number; readonly key: string }[]
  readonly bytes: string
  readonly wrappedZeroKey: string
} = JSON.parse(readFileSync(new URL('../../test/vectors/keyring.json', import.meta.url), 'utf8'))

const world = new SimulatedWorld('keyring')
const master = newMasterKey(world)
const dataKey = world.randomBytes(32)

describe('a keyring', () => {
  test('unwraps what any of its generations has wrapped, after growing and after another master key', () => {
    const first = createKeyring({ master, world })
    const before = openKeyring(first, master).wrap(dataKey)
    equal(before.generation, 1)
    const second = addGeneration(first, master, world)
    const between = openKeyring(second, master).wrap(dataKey)
    equal(between.generation, 2)
    notDeepEqual(between.wrapped, before.wrapped)
    const other = newMasterKey(world)
    const keyring = openKeyring(rotateMaster(second, { from: master, to: other }), other)
    deepEqual(keyring.storeId, openKeyring(first, master).storeId)
    for (const { generation, wrapped } of [before, between, keyring.wrap(dataKey)])
      equal(toHex(keyring.unwrap(generation, wrapped)), toHex(dataKey))
  })

  test('refuses another master key, the old one after rotation included', () => {
    const bytes = createKeyring({ master, world })
    const other = newMasterKey(world)
    const rotated = rotateMaster(bytes, { from: master, to: other })
    for (const attempt of [
      () => openKeyring(bytes, other),
      () => openKeyring(rotated, master),
      () => rotateMaster(bytes, { from: other, to: master }),
      () => addGeneration(bytes, other, world),
    ])
      throws(attempt, (error) => isFault(error, 'keyring/wrong-master-key'))
  })

  test('tells what it cannot unwrap', () => {
    const keyring = openKeyring(createKeyring({ master, world }), master)
    const { wrapped } = keyring.wrap(dataKey)
    throws(
      () => keyring.unwrap(2, wrapped),
      (error) => isFault(error, 'keyring/unknown-generation'),
    )
    throws(
      () =>
        keyring.unwrap(
          1,
          wrapped.map((byte) => byte ^ 1),
        ),
      (error) => isFault(error, 'keyring/unwrap-failed'),
    )
    throws(
      () => keyring.unwrap(1, wrapped.subarray(8)),
      (error) => isFault(error, 'keyring/unwrap-failed'),
    )
  })

  test('any changed, missing or added byte is found before a key is used', () => {
    const bytes = addGeneration(createKeyring({ master, world }), master, world)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
        const changed = Uint8Array.from(bytes)
        changed[index] = (changed[index] ?? 0) ^ change
        throws(
          () => openKeyring(changed, master),
          (error) => isFault(error, 'keyring/damaged'),
        )
        throws(
          () => openKeyring(bytes.subarray(0, index), master),
          (error) => isFault(error, 'keyring/damaged'),
        )
      }),
    )
    throws(
      () => openKeyring(Buffer.concat([bytes, Buffer.from([0])]), master),
      (error) => isFault(error, 'keyring/damaged'),
    )
  })

  test('a whole copy of a later version is refused, and one whose version rotted is only damaged', () => {
    const bytes = createKeyring({ master, world })
    const rotten = Uint8Array.from(bytes)
    rotten[5] = 0x41
    equal(newestKeyring([rotten, bytes]), bytes)
    const later = rotten.subarray(0, -32)
    throws(
      () => newestKeyring([bytes, Buffer.concat([later, blake3(later)])]),
      (error) => isFault(error, 'keyring/unsupported-version'),
    )
  })

  test('of several copies the newest whole one is in force', () => {
    const old = createKeyring({ master, world })
    const middle = addGeneration(old, master, world)
    const newest = rotateMaster(middle, { from: master, to: newMasterKey(world) })
    const torn = newest.subarray(0, 100)
    equal(newestKeyring([middle, newest, old]), newest)
    equal(newestKeyring([torn, old, middle]), middle)
    equal(newestKeyring([]), undefined)
    throws(
      () => newestKeyring([torn]),
      (error) => isFault(error, 'keyring/damaged'),
    )
    throws(
      () => newestKeyring([old, createKeyring({ master, world })]),
      (error) => isFault(error, 'keyring/mixed-stores'),
    )
  })

  test('keeps how its master key comes from a passphrase', async () => {
    const passphrase = {
      ...newPassphraseRecipe(world),
      cost: { memoryKibibytes: 64, passes: 1, lanes: 1 },
    }
    const derived = await deriveFromPassphrase('correct horse', passphrase)
    const bytes = createKeyring({ master: derived, passphrase, world })
    deepEqual(passphraseRecipe(bytes), passphrase)
    deepEqual(passphraseRecipe(addGeneration(bytes, derived, world)), passphrase)
    equal(passphraseRecipe(rotateMaster(bytes, { from: derived, to: master })), undefined)
    equal(passphraseRecipe(createKeyring({ master, world })), undefined)
  })

  test('golden vector', () => {
    const bytes = fromHex(golden.bytes)
    const file = parseKeyringFile(bytes)
    equal(toHex(file.storeId), golden.storeId)
    equal(file.serial, BigInt(golden.serial))
    const { salt, ...cost } = golden.passphrase
    deepEqual(file.passphrase, { salt: fromHex(salt), cost })
    const goldenMaster = fromHex(golden.master)
    equal(toHex(printKeyringFile(file, goldenMaster)), golden.bytes)
    const keyring = openKeyring(bytes, goldenMaster)
    equal(toHex(keyring.wrap(new Uint8Array(32)).wrapped), golden.wrappedZeroKey)
    for (const { number, key } of golden.generations)
      equal(toHex(keyring.unwrap(number, wrapKey(fromHex(key), dataKey))), toHex(dataKey))
  })
})

describe('a master key', () => {
  test('is read from hex and from base64 of both alphabets, and printed as hex', () => {
    const key = Uint8Array.from(master)
    deepEqual(parseMasterKey(printMasterKey(master)), key)
    deepEqual(parseMasterKey(` ${toHex(master).toUpperCase()}\r\n`), key)
    deepEqual(parseMasterKey(Buffer.from(master).toString('base64')), key)
    deepEqual(parseMasterKey(Buffer.from(master).toString('base64url')), key)
  })

  test('of another length or alphabet is refused, and the fault does not repeat it', () => {
    const hex = toHex(master)
    for (const text of ['', hex.slice(1), `${hex}0`, hex.replace(/./, 'x'), '*'.repeat(43)])
      throws(
        () => parseMasterKey(text),
        (error) => {
          return (
            isFault(error, 'keyring/malformed-master-key') &&
            (text === '' || !error.message.includes(text))
          )
        },
      )
  })
})
