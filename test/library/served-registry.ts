/** The door of libraries over one registry of this process, on a port of its own, for who has no token. */
import { createLibraryDoor } from '#api/library/door'
import { problemOf } from '#api/library/problem'
import { Slots } from '#api/library/route'
import { libraryRoutes } from '#api/library/routes'
import { RateLimits } from '#api/rate-limits'
import { bindRoutes } from '#api/rest-route'
import { openHttpServer } from '#http/server'
import type { Libraries } from '#library/libraries'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'

export async function serveLibraries(libraries: Libraries) {
  const world = systemWorld()
  const asked: string[] = []
  const state = { isAway: false }
  const routes = bindRoutes(libraryRoutes, {
    libraries,
    publicUrl: undefined,
    archiveBytesMax: 2 ** 30,
    publishing: new Slots(4),
  })
  const door = createLibraryDoor({
    routes,
    authenticate: () => Promise.reject(new Error('nobody has a token here')),
    anonymousRead: true,
    budgets: { take: async () => undefined },
    rates: new RateLimits(
      { perKey: undefined, perAddress: undefined, failures: undefined },
      { world },
    ),
    crossOrigins: [],
    isProxy: () => false,
    onUse: () => {},
    version: 'test',
    world,
    telemetry,
  })
  const server = await openHttpServer({
    ...{ host: '127.0.0.1', port: 0, world, telemetry },
    handler: async (request) => {
      asked.push(request.target)
      return state.isAway ? { status: 503, headers: {}, body: '' } : await door(request)
    },
    refusal: problemOf,
  })
  return {
    origin: `http://127.0.0.1:${server.port}`,
    /** Targets of requests, as they came. */
    asked,
    state,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
