import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import { deriveFromPassphrase } from '#crypto/derive'
import { blake3 } from '#crypto/blake3'
import { isFault } from '#fault/fault'
import { addGeneration, createKeyring, newestKeyring, rotateMaster } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { parseKeyringFile } from '#keyring/keyring-file'
import {
  newMasterKey,
  newPassphraseRecipe,
  parseMasterKey,
  passphraseRecipe,
  printMasterKey,
} from '#keyring/master-key'
import { SimulatedWorld } from '#world/simulated'

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

  /** docs/formats/keyring.md shows the same bytes. */
  test('golden vector of version 1', () => {
    const golden = fromHex(
      '4d594b5200010002000102030405060708090a0b0c0d0e0f00000000000000020104000300010000101112131415161718191a1b1c1d1e1f000000016d9a1e44951ebb7271eebc04926cf28f4fb7df7ba84b0282976614a7ef37a7b6b056f394a1f90d3f00000002d95f67515adb6426b9da412507b51b4ae5b69f56490c41cd7776660146c982fe7fa1df971ba141dd82b94f7b1aa2f6de4e6a4cb845f5413db7c3d4ff22a0270b4e119112bc00f1aa442932e8391cd9e59b37b0051d22f3708d14fb30b6e389c89790886b768a93f0',
    )
    const goldenMaster = new Uint8Array(32).map((_, index) => index)
    const file = parseKeyringFile(golden)
    equal(toHex(file.storeId), '000102030405060708090a0b0c0d0e0f')
    equal(file.serial, 2n)
    deepEqual(file.passphrase, {
      salt: fromHex('101112131415161718191a1b1c1d1e1f'),
      cost: { memoryKibibytes: 65_536, passes: 3, lanes: 4 },
    })
    const keyring = openKeyring(golden, goldenMaster)
    equal(keyring.generation, 2)
    equal(
      toHex(keyring.wrap(new Uint8Array(32)).wrapped),
      'f1ffd607d1264f103faf64334618d52e48f5e6fda9fdf0039afe1c54ce9b301a0a8593d8d2f5b56b',
    )
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
