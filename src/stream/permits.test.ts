import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { Permits } from '#stream/permits'

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

test('who finds no room waits for it, in the order of coming, also when less would fit', async () => {
  const permits = new Permits(10)
  const entered: string[] = []
  const enter = async (name: string, amount: number) => {
    const giveBack = await permits.take(amount)
    entered.push(name)
    return giveBack
  }
  const first = await enter('first', 6)
  const large = enter('large', 7)
  const small = enter('small', 1)
  await settled()
  deepEqual(entered, ['first'])
  first()
  await settled()
  deepEqual(entered, ['first', 'large', 'small'])
  ;(await large)()
  ;(await small)()
  const whole = await enter('whole', 10)
  whole()
})

test('what is more than there is in all has it for itself', async () => {
  const permits = new Permits(10)
  const giveBack = await permits.take(1_000)
  let isIn = false
  const next = permits.take(1).then((done) => {
    isIn = true
    return done
  })
  await settled()
  deepEqual(isIn, false)
  giveBack()
  ;(await next)()
  deepEqual(isIn, true)
})
