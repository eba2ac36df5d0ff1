import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpHandler, HttpRequest } from '#http/message'
import { lateDoor } from '#main/late-door'
import { bareRequest } from '../../test/bare-request.ts'

const request = (target: string): HttpRequest => ({ ...bareRequest, target })

test('a late door is made once, for whoever comes first and for all who wait with them', async () => {
  let made = 0
  const door = lateDoor(async (): Promise<HttpHandler> => {
    made += 1
    return async ({ target }) => ({ status: 200, headers: {}, body: target })
  })
  equal(made, 0)
  const answers = await Promise.all([door(request('/a')), door(request('/b'))])
  deepEqual(
    answers.map(({ body }) => body),
    ['/a', '/b'],
  )
  await door(request('/c'))
  equal(made, 1)
})

test('a late door that could not be made is tried again', async () => {
  const doors = [new Error('its file is not there'), async () => ({ status: 204, headers: {} })]
  const door = lateDoor(async () => {
    const next = doors.shift()
    if (typeof next !== 'function') throw next
    return next
  })
  await rejects(door(request('/')), /not there/)
  equal((await door(request('/'))).status, 204)
})
