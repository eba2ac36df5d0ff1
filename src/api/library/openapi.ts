/** The API described for programs: OpenAPI 3.1, made from the operations themselves. */
import { z } from 'zod'
import { apiBase } from '#api/bases'
import { problemCodes } from '#api/library/problem-codes'
import type { BoundRoute } from '#api/rest-route'

/** https://spec.openapis.org/oas/v3.1.1.html */
export function describeLibraries(
  routes: readonly BoundRoute[],
  { version }: { readonly version: string },
): object {
  const byPath = Map.groupBy(routes, ({ path }) => path)
  const paths = [...byPath].map(([path, ofPath]) => [
    `${apiBase}${path.replace('*}', '}')}`,
    Object.fromEntries(ofPath.flatMap(describeMethods)),
  ])
  return {
    openapi: '3.1.1',
    info: {
      title: 'Mycelium libraries',
      version,
      description:
        'Versioned libraries of Markdown. Public ones are read without a token, unless the operator has it otherwise; what needs one says 401. What somebody may not know of is answered as what is not there.',
    },
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problemSchema },
    },
    security: [{}, { token: [] }],
  }
}

function describeMethods(route: BoundRoute): readonly (readonly [method: string, object])[] {
  const method = route.method.toLowerCase()
  const described = [method, describe(route, route.operation)] as const
  if (route.method !== 'GET') return [described]
  return [described, ['head', describe(route, `${route.operation}Head`)]]
}

const always: Readonly<Record<number, string>> = {
  400: 'Something in the request is not what it should be',
  401: 'This needs a token, or the token is not known',
  429: 'Too many requests',
  503: 'The database or the storage cannot be reached',
}

function describe(route: BoundRoute, operationId: string): object {
  const isHead = operationId !== route.operation
  const problems = Object.entries({ ...always, ...route.answers })
  return {
    operationId,
    summary: route.summary,
    tags: [route.budget],
    ...parametersOf(route),
    ...bodyOf(route),
    responses: {
      ...answersOf(route, isHead),
      ...Object.fromEntries(
        problems.map(([status, description]) => [
          status,
          { description, ...(isHead ? {} : Number(status) < 400 ? {} : problemContent) },
        ]),
      ),
      default: { description: 'What is wrong', ...(isHead ? {} : problemContent) },
    },
  }
}

const problemContent = {
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

function answersOf(route: BoundRoute, isHead: boolean): Readonly<Record<string, object>> {
  if ('respond' in route) {
    const entries = Object.entries(route.gives).map(([status, type]) => [
      status,
      {
        description: 'As asked',
        ...(isHead || type === '' ? {} : { content: { [type]: {} } }),
      },
    ])
    return Object.fromEntries(entries)
  }
  const { status, answer, method } = route
  const content = answer === undefined || isHead ? {} : contentOf(answer, 'output')
  const same = { description: 'It is what `If-None-Match` names' }
  return {
    [status]: { description: status === 204 ? 'Done' : 'As asked', ...content },
    ...(method === 'GET' ? { 304: same } : {}),
  }
}

function parametersOf({ path, query }: BoundRoute): object {
  const inPath = [...path.matchAll(/\{(\w+)\*?\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }))
  const { properties = {}, required = [] } = query === undefined ? {} : schemaOf(query, 'input')
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', required: required.includes(name), schema },
  }))
  const parameters = [...inPath, ...inQuery]
  return parameters.length === 0 ? {} : { parameters }
}

function bodyOf(route: BoundRoute): object {
  if (route.body !== undefined)
    return { requestBody: { required: true, ...contentOf(route.body, 'input') } }
  if (!('takes' in route) || route.takes === undefined) return {}
  const content = Object.fromEntries(route.takes.map((type) => [type, {}]))
  return { requestBody: { required: true, content } }
}

type Side = 'input' | 'output'

function contentOf(schema: z.ZodType, io: Side): object {
  return { content: { 'application/json': { schema: schemaOf(schema, io) } } }
}

interface PlainSchema {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

function schemaOf(schema: z.ZodType, io: Side): PlainSchema {
  const { $schema, ...plain } = z.toJSONSchema(schema, {
    reused: 'inline',
    unrepresentable: 'any',
    io,
  })
  return plain as PlainSchema // what else is in it is passed on as it is
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'error', 'request_id'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'for people' },
    hint: { type: 'string', description: 'what to do next' },
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', enum: Object.keys(problemCodes) },
        message: { type: 'string' },
        details: { type: 'object' },
      },
    },
    request_id: { type: 'string' },
  },
}
