/** What is sealed for identities: the golden vector, and what does not open. */
import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex } from '#bytes/text'
import { openSecret, type SealedSecretJson, sealedFromJson } from '#identity/sealed-secret'
import { printToken, readToken, type SessionTicket } from '#identity/session-token'
import { createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { newMasterKey } from '#keyring/master-key'
import { SimulatedWorld } from '#world/simulated'

const golden: {
  readonly keyring: string
  readonly master: string
  readonly secret: {
    readonly owner: string
    readonly text: string
    readonly sealed: SealedSecretJson
  }
  readonly session: {
    readonly accessKeyId: string
    readonly ticket: SessionTicket
    readonly token: string
  }
} = JSON.parse(readFileSync(new URL('../../test/vectors/identity.json', import.meta.url), 'utf8'))

const keyring = openKeyring(fromHex(golden.keyring), fromHex(golden.master))
const { accessKeyId, ticket, token } = golden.session

test('a secret and a token read as the vector says', () => {
  const { owner, text, sealed } = golden.secret
  equal(openSecret(sealedFromJson(sealed), { owner, keyring }), text)
  deepEqual(readToken(token, { accessKeyId, keyring }), ticket)
})

test('a token comes back as it was sealed, whatever the session', () => {
  const world = new SimulatedWorld('session tokens')
  const drawn = printToken(ticket, { accessKeyId, keyring, world })
  deepEqual(readToken(drawn, { accessKeyId, keyring }), ticket)
})

test('a token opens for its own key and in its own store alone, and whole', () => {
  const world = new SimulatedWorld('another store')
  const master = newMasterKey(world)
  const foreign = openKeyring(createKeyring({ master, world }), master)
  equal(readToken(token, { accessKeyId, keyring: foreign }), undefined)
  equal(readToken(token, { accessKeyId: 'ASIAOTHER', keyring }), undefined)
  equal(readToken(token.replace('MYS1.1.', 'MYS1.9.'), { accessKeyId, keyring }), undefined)
  for (const text of ['', 'MYS1...', `${token}.`, `x${token}`, token.slice(0, -1)])
    equal(readToken(text, { accessKeyId, keyring }), undefined)
})
