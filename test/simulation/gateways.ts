/** Gateways of a simulated store: both ends of each port in one process, and messages that take their time. */
import { connectToStore } from '#gateway/client'
import type { GatewayPort } from '#gateway/port'
import { serveGateway } from '#gateway/server'
import type { IdentitySource } from '#identity/accounts'
import type { Administration } from '#identity/administration'
import type { ObjectStore } from '#object/model'
import { silentTelemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'
import { between, pick } from './scenario.ts'

/** Nobody signs in a simulation. */
const nobody: IdentitySource = {
  findKey: async () => undefined,
  findPrincipal: async () => undefined,
  administration: {} as Administration, // and nobody manages anybody
  onChange() {},
}

/** `objects` as clients have them who are served by any of so many gateways; without one, as they are. */
export function throughGateways(objects: ObjectStore, count: number, world: World): ObjectStore {
  const remotes = Array.from({ length: count }, () => {
    const [here, there] = portPair(world)
    serveGateway(there, { objects, identities: nobody, telemetry: silentTelemetry })
    return connectToStore(here).objects
  })
  const anyOf = (name: keyof ObjectStore): unknown => {
    return (...args: readonly unknown[]) => {
      const remote = pick(world, remotes) ?? objects
      const method = remote[name] as (...args: readonly unknown[]) => unknown // called with what it is given
      return method(...args)
    }
  }
  const names = Object.keys(objects) as (keyof ObjectStore)[] // of this interface and no more
  return Object.fromEntries(names.map((name) => [name, anyOf(name)])) as unknown as ObjectStore // every method is there
}

function portPair(world: World): readonly [GatewayPort, GatewayPort] {
  const listeners: ((messages: readonly unknown[]) => void)[] = []
  const portTo = (other: number, own: number): GatewayPort => {
    let lastArrival = 0
    return {
      post(messages, moved) {
        const copies = structuredClone(messages, { transfer: [...moved] })
        // In order, and no two at the same moment, for which the world would draw lots.
        const arrival = Math.max(world.monotonic() + between(world, 0.01, 1), lastArrival + 0.001)
        lastArrival = arrival
        world.timer(arrival - world.monotonic(), () => listeners[other]?.(copies))
      },
      onMessages(listener) {
        listeners[own] = listener
      },
      soon: (work) => queueMicrotask(work),
    }
  }
  return [portTo(1, 0), portTo(0, 1)]
}
