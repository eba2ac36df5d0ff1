import type { HttpHandler } from '#http/message'

/** Made with the first call, for all who come meanwhile and later. What could not be made is tried again with the next call. */
export function late<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let making: Promise<Made> | undefined
  return async () => {
    making ??= make()
    try {
      return await making
    } catch (error) {
      making = undefined
      throw error
    }
  }
}

/** A door whose modules are loaded, and which is made, when somebody first knocks: starts do not wait for doors that nobody may use. */
export function lateDoor(open: () => Promise<HttpHandler>): HttpHandler {
  const door = late(open)
  return async (request) => (await door())(request)
}
