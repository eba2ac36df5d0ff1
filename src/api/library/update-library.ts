import { z } from 'zod'
import { library, printLibrary, visibility } from '#api/library/print'
import { given, libraryRoute, refOf } from '#api/library/route'

const changes = z.strictObject({
  visibility: visibility.optional(),
  confirm_public: z.boolean().optional().describe('that everybody may read it is meant'),
  archived: z.boolean().optional(),
  settings: z
    .strictObject({
      staged_publishing: z.boolean().optional(),
      trusted_publishing_only: z.boolean().optional(),
    })
    .optional(),
})

export const updateLibrary = libraryRoute<z.infer<typeof changes>>({
  method: 'PATCH',
  path: '/libraries/{scope}/{name}',
  operation: 'UpdateLibrary',
  summary: 'Change who may read a library, whether it is archived, and how versions get in',
  budget: 'metadata',
  body: changes,
  answers: {
    403: 'You may read it, but not change it',
    404: 'There is none, or none that you may know of',
    428: 'It would become public: confirm',
  },
  answer: library,
  status: 200,
  async run({ libraries }, { actor, names, body }) {
    const { visibility, confirm_public: confirmsPublic, archived: isArchived, settings } = body
    const facts = await libraries.update(
      actor,
      refOf(names),
      given({
        ...{ visibility, confirmsPublic, isArchived },
        settings:
          settings &&
          given({
            staged: settings.staged_publishing,
            trustedOnly: settings.trusted_publishing_only,
          }),
      }),
    )
    return printLibrary(facts)
  },
})
