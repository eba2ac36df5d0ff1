/** `mycelium admin …`: asks the store that is up, signed with the key that lies in its data directory. */
import { adminBase } from '#api/bases'
import { type Credentials, readCredentials } from '#identity/credentials-file'
import { signRequest } from '#identity/sign'
import { SigningKeys } from '#identity/signing-keys'
import type { AdminCommand, AdminRequest } from '#main/admin-command'
import { credentialsProfile } from '#main/credentials'
import { dataDirectory } from '#main/data-directory'
import { mainFault } from '#main/faults'
import type { ProgramOptions } from '#main/offline'
import { readPrivately } from '#main/private-file'
import type { World } from '#world/world'

type Values = Readonly<Record<string, unknown>>

/** `main/admin-unreachable`, `main/admin-denied`, `main/admin-absent`, `main/admin-refused`, `main/no-store` */
export async function administer(
  command: Pick<AdminCommand, 'ask' | 'show'>,
  { config, world, print, commandLine, stop }: ProgramOptions<Values>,
): Promise<void> {
  const store = await findStore(config)
  const answer = await send(command.ask(config), { ...store, world, signal: stop })
  const isJson = config['json'] === true
  print(isJson ? `${JSON.stringify(answer, null, 2)}\n` : command.show(answer, config, commandLine))
}

interface Store {
  readonly endpoint: string
  readonly credentials: Credentials
  readonly data: string
}

/** The environment's key wins, for who is not on the store's machine. */
async function findStore({ data, endpoint }: Values): Promise<Store> {
  const directory = dataDirectory(String(data))
  const read = async (path: string): Promise<string | undefined> => {
    const bytes = await readPrivately(path)
    return bytes && new TextDecoder().decode(bytes)
  }
  const file = await read(directory.credentials)
  const credentials = file && readCredentials(file, credentialsProfile)
  if (!credentials) throw mainFault('main/no-store', { path: directory.root })
  const told = endpoint === undefined ? await read(directory.adminEndpoint) : String(endpoint)
  const { root } = directory
  if (told === undefined)
    throw mainFault('main/admin-unreachable', { endpoint: 'any address', data: root })
  return { endpoint: told, credentials, data: root }
}

async function send(
  { method, path, body }: AdminRequest,
  {
    endpoint,
    credentials,
    data,
    world,
    signal,
  }: Store & { readonly world: World; readonly signal: AbortSignal },
): Promise<Values> {
  const url = new URL(`${adminBase}${path}`, endpoint)
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body))
  const { host, pathname: target } = url
  const signer = { ...credentials, signingKeys: new SigningKeys(), now: world.now() }
  const headers = {
    ...signRequest({ method, target, host, body: bytes }, signer),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const sent = body === undefined ? {} : { body: bytes }
  const response = await fetch(url, { method, headers, signal, ...sent }).catch(
    (cause: unknown) => {
      throw mainFault('main/admin-unreachable', { endpoint, data }, cause)
    },
  )
  const text = await response.text()
  const answer = text === '' ? {} : (JSON.parse(text) as Values) // the API answers nothing else
  if (response.ok) return answer
  throw refusal(response.status, String(answer['detail'] ?? response.statusText))
}

function refusal(status: number, text: string): Error {
  if (status === 404) return mainFault('main/admin-absent', { text })
  if (status === 401 || status === 403) return mainFault('main/admin-denied', { text })
  return mainFault('main/admin-refused', { text })
}
