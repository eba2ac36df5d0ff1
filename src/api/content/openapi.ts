/** The registry described for programs: OpenAPI 3.1, made from the routes themselves. https://spec.openapis.org/oas/v3.1.1.html */
import { type ContentDoorOptions, type ContentRoute, contentBase } from '#api/content/route'

/** What every operation may answer besides. */
const always: Readonly<Record<number, string>> = {
  429: 'Too many requests; `Retry-After` says when to come back',
  500: 'Something unexpected went wrong',
  503: 'The database is away, or too much is asked at once; `Retry-After` says when to come back',
}
const withToken: Readonly<Record<number, string>> = {
  401: 'Without a token that is known, where there are tokens',
  403: 'The token does not allow this',
}

export function describeRegistry(
  routes: readonly ContentRoute[],
  { version, bodyBytesMax }: Pick<ContentDoorOptions, 'version' | 'bodyBytesMax'>,
): object {
  const byPath = Map.groupBy(routes, ({ path }) => path)
  const paths = [...byPath].map(([path, ofPath]) => [
    `${contentBase}${path}`,
    Object.fromEntries(
      ofPath.flatMap((route) => methodsOf(route).map((one) => [one, describe(route, one)])),
    ),
  ])
  return {
    openapi: '3.1.1',
    info: {
      title: 'Mycelium registry',
      version,
      description: `Keeps links' encrypted descriptions (manifests) under their hashes. A request has at most ${bodyBytesMax} bytes.`,
    },
    paths: Object.fromEntries(paths),
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

function methodsOf({ method }: ContentRoute): readonly string[] {
  return method === 'GET' ? ['get', 'head'] : [method.toLowerCase()]
}

function describe(route: ContentRoute, method: string): object {
  const { operation, summary, path, right } = route
  const answers = {
    ...route.answers,
    ...always,
    ...(right === undefined ? {} : withToken),
  }
  const isHead = method === 'head'
  return {
    operationId: isHead ? operation.replace(/^Get/, 'Head') : operation,
    summary,
    ...describeParameters(path),
    ...(route.takes === 'form' ? { requestBody: form } : {}),
    ...(right === undefined ? {} : { security: right === 'upload' ? [{}, token] : [token] }),
    responses: Object.fromEntries(
      Object.entries(answers)
        .filter(([status]) => !isHead || !['206', '416'].includes(status))
        .map(([status, description]) => [
          status,
          { description, ...(isHead ? {} : contentOf(route, Number(status))) },
        ]),
    ),
  }
}

const token = { token: [] }

function describeParameters(path: string): object {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: schemas[name] ?? { type: 'string' },
  }))
  return parameters.length === 0 ? {} : { parameters }
}

const hash = { type: 'string', pattern: '^[0-9A-Fa-f]{32}$' }
const number = { type: 'integer', minimum: 0, maximum: 65_535 }
const schemas: Readonly<Record<string, object>> = {
  hash,
  key: hash,
  host: { type: 'string', description: 'an address, without brackets, or a name' },
  port: number,
  db: number,
}

const form = {
  required: true,
  content: {
    'multipart/form-data': {
      schema: {
        type: 'object',
        required: ['data'],
        properties: { data: { type: 'string', contentMediaType: 'application/octet-stream' } },
      },
    },
  },
}

function contentOf({ gives }: ContentRoute, status: number): object {
  if (gives === 'bytes' && (status === 200 || status === 206))
    return { content: { 'application/octet-stream': {} } }
  if (gives !== 'json' || status !== 200) return {}
  const properties = {
    hash,
    size: { type: 'integer' },
    created: { type: 'boolean', description: 'false when it was there already' },
  }
  return {
    content: {
      'application/json': {
        schema: { type: 'object', required: Object.keys(properties), properties },
      },
    },
  }
}
