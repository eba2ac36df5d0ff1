/** Quotas: seen by those whom they are about, set by administrators. */

import { type FormState, untouched } from '#api/library/pages/form-fields'
import { quotaPath } from '#api/library/pages/paths'
import { renderQuotaPage } from '#api/library/pages/quota-page'
import {
  answerForm,
  done,
  fieldOf,
  type PageCall,
  type PageRoute,
  requireUser,
  seeOther,
} from '#api/library/pages/route'
import { parseBytes } from '#bytes/size'
import type { HttpResponse } from '#http/message'
import type { Quota } from '#library/model'
import { mayAdminister } from '#library/rights'

/** `identity/no-such-team` where nobody is of that name, or nobody that whoever asks may know of */
async function ownerOf(call: PageCall): Promise<string> {
  const { people, teams } = call.parts.accounts
  const handle = (call.names['scope'] ?? '').toLowerCase()
  if ((await people.find(handle)) !== undefined) return handle
  return (await teams.team(requireUser(call), handle)).name
}

async function answerQuota(call: PageCall, form: FormState = untouched): Promise<HttpResponse> {
  const actor = requireUser(call)
  const owner = await ownerOf(call)
  const found = await call.parts.libraries.quota(actor, owner)
  const main = renderQuotaPage({ ...found, form: mayAdminister(actor) ? form : undefined })
  return answerForm(call, { title: `Quota of @${owner}`, main }, form)
}

const quotaPage: PageRoute = {
  method: 'GET',
  path: '/@{scope}/-/quota',
  operation: 'QuotaPage',
  budget: 'metadata',
  run: (call) => answerQuota(call),
}

const setQuota: PageRoute = {
  method: 'POST',
  path: '/@{scope}/-/quota',
  operation: 'SetQuotaFromPage',
  budget: 'publish',
  async run(call) {
    const actor = requireUser(call)
    const owner = await ownerOf(call)
    const { quota, mistakes } = readQuota(call)
    if (mistakes.size > 0) return await answerQuota(call, { values: call.form, mistakes })
    await call.parts.libraries.setQuota(actor, owner, quota)
    return seeOther(done(quotaPath(owner), 'saved'))
  },
}

/** What is left empty is not limited. */
function readQuota(call: PageCall): {
  readonly quota: Quota
  readonly mistakes: ReadonlyMap<string, string>
} {
  const mistakes = new Map<string, string>()
  const read = (name: keyof Quota, parse: (text: string) => number | undefined, wanted: string) => {
    const text = fieldOf(call, name)
    const number = text === '' ? undefined : parse(text)
    if (text !== '' && (number === undefined || !Number.isSafeInteger(number)))
      mistakes.set(name, wanted)
    return number === undefined ? {} : { [name]: number }
  }
  const whole = (text: string): number | undefined =>
    /^\d{1,15}$/.test(text) ? Number(text) : undefined
  const quota: Quota = {
    ...read('bytes', parseBytes, 'Write a size, such as 500 MiB or 10 GiB.'),
    ...read('libraries', whole, 'Write a whole number.'),
    ...read('publishesPerDay', whole, 'Write a whole number.'),
  }
  return { quota, mistakes }
}

export const quotaRoutes: readonly PageRoute[] = [quotaPage, setQuota]
