import type { HttpHandler } from '#http/message'

/**
 * A door whose modules are loaded, and which is made, when somebody first knocks: starts do not wait for doors that nobody may use. One that could not be
 * made is tried again with the next request.
 */
export function lateDoor(open: () => Promise<HttpHandler>): HttpHandler {
  let opening: Promise<HttpHandler> | undefined
  const opened = async (): Promise<HttpHandler> => {
    opening ??= open()
    try {
      return await opening
    } catch (error) {
      opening = undefined
      throw error
    }
  }
  return async (request) => (await opened())(request)
}
