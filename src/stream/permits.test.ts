import { deepEqual, equal, rejects } from 'node:assert/strict'
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

test('with the last first, who asked last is first, and who needs less than is there does not wait for those who need more', async () => {
  const permits = new Permits(10, { lastFirst: true })
  const all = await permits.take(10)
  const order: string[] = []
  const ask = async (name: string, amount: number) => {
    const giveBack = await permits.take(amount)
    order.push(name)
    return giveBack
  }
  const first = ask('first', 4)
  const large = ask('large', 9)
  const last = ask('last', 4)
  all()
  await settled()
  deepEqual(order, ['last', 'first'])
  equal(permits.taken, 8)
  ;(await first)()
  ;(await last)()
  ;(await large)()
  deepEqual(order, ['last', 'first', 'large'])
  equal(permits.taken, 0)
})

test('who does not want to wait is told so, and who is aborted waits no longer and takes nothing', async () => {
  const permits = new Permits(10)
  const giveBack = permits.tryTake(10)
  equal(permits.tryTake(1), undefined)
  const { signal, abort } = aborting()
  const large = permits.take(8, { signal })
  const small = permits.take(1)
  abort()
  await rejects(large, /gone/)
  giveBack?.()
  ;(await small)()
  equal(permits.taken, 0)
  await rejects(permits.take(1, { signal }), /gone/)
  equal(permits.taken, 0)
})

test('who stood before somebody that fits does so no longer once it is aborted', async () => {
  const permits = new Permits(10)
  const half = await permits.take(5)
  const { signal, abort } = aborting()
  const large = permits.take(8, { signal })
  const small = permits.take(5)
  equal(permits.tryTake(5), undefined, 'others wait')
  abort()
  await rejects(large, /gone/)
  ;(await small)()
  half()
  equal(permits.taken, 0)
})

function aborting(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error('gone')) }
}
