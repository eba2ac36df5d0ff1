import { z } from 'zod'
import { libraryRoute, refOf } from '#api/library/route'

const query = z.object({
  from: z.string().max(128).describe('a version'),
  to: z.string().max(128).describe('a version'),
})

const hunk = z.object({
  from_line: z.int(),
  to_line: z.int(),
  lines: z.array(z.string()).describe('a space, - or +, and the line'),
})

export const diffVersions = libraryRoute<undefined, z.infer<typeof query>>({
  method: 'GET',
  path: '/libraries/{scope}/{name}/diff',
  operation: 'DiffVersions',
  summary: 'What differs between two versions, file by file',
  budget: 'search',
  query,
  answers: { 404: 'There is none, or none that you may know of', 410: 'One of them was deleted' },
  answer: z.object({
    from: z.string(),
    to: z.string(),
    same: z.int().describe('files that are the same'),
    files: z.array(
      z.object({
        path: z.string(),
        change: z.enum(['added', 'removed', 'changed']),
        hunks: z.array(hunk).optional(),
      }),
    ),
  }),
  status: 200,
  async run({ libraries }, { actor, names, query, request: { signal } }) {
    const { files, ...diff } = await libraries.diff(actor, refOf(names), query, { signal })
    return {
      ...diff,
      files: files.map(({ hunks, ...file }) => ({
        ...file,
        ...(hunks === undefined
          ? {}
          : {
              hunks: hunks.map(({ fromLine, toLine, lines }) => ({
                from_line: fromLine,
                to_line: toLine,
                lines: [...lines],
              })),
            }),
      })),
    }
  },
})
