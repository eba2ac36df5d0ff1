/** What is known against libraries: read by who may read them, said by administrators. */
import {
  renderAdvisoriesPage,
  renderLibraryAdvisoriesPage,
  severities,
} from '#api/library/pages/advisories-page'
import { type FormState, untouched } from '#api/library/pages/form-fields'
import { mistakenForm } from '#api/library/pages/form-mistakes'
import { managerOf } from '#api/library/pages/library-manager'
import { libraryOfPath } from '#api/library/pages/named-library'
import { advisoriesPath, libraryAdvisoriesPath } from '#api/library/pages/paths'
import {
  answerForm,
  answerPage,
  done,
  fieldOf,
  type PageCall,
  type PageRoute,
  requireUser,
  seeOther,
} from '#api/library/pages/route'
import type { HttpResponse } from '#http/message'
import { formatLibraryRef } from '#library/name'
import { mayAdminister } from '#library/rights'

const all: PageRoute = {
  method: 'GET',
  path: advisoriesPath,
  operation: 'AdvisoriesPage',
  budget: 'metadata',
  async run(call) {
    const advisories = await call.parts.libraries.advisories(call.actor, {})
    return answerPage(call, { title: 'Advisories', main: renderAdvisoriesPage(advisories) })
  },
}

async function answerAdvisories(
  call: PageCall,
  form: FormState = untouched,
): Promise<HttpResponse> {
  const { libraries } = call.parts
  const ref = libraryOfPath(call)
  const library = await libraries.versions(call.actor, ref)
  const advisories = await libraries.advisories(call.actor, ref)
  const { mayManage: isManaged } = await managerOf(call, ref)
  const main = renderLibraryAdvisoriesPage({
    ...{ library, advisories, isManaged },
    form: mayAdminister(call.actor) ? form : undefined,
  })
  const title = `Advisories of ${formatLibraryRef(ref)}`
  return answerForm(call, { title, main }, form)
}

const ofLibrary: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/advisories',
  operation: 'LibraryAdvisoriesPage',
  budget: 'metadata',
  run: (call) => answerAdvisories(call),
}

const publish: PageRoute = {
  method: 'POST',
  path: '/@{scope}/{name}/advisories',
  operation: 'PublishAdvisoryFromPage',
  budget: 'publish',
  async run(call) {
    const { libraries } = call.parts
    const actor = requireUser(call)
    const ref = libraryOfPath(call)
    await libraries.library(actor, ref) // whether it is there, before whether they may
    const [patched, url] = [fieldOf(call, 'patched'), fieldOf(call, 'url')]
    try {
      const { id } = await libraries.publishAdvisory(actor, {
        ...ref,
        title: fieldOf(call, 'title'),
        range: fieldOf(call, 'range'),
        severity: severities.find((one) => one === fieldOf(call, 'severity')) ?? 'moderate',
        details: fieldOf(call, 'details').replaceAll('\r\n', '\n'),
        ...(patched === '' ? {} : { patched }),
        ...(url === '' ? {} : { url }),
      })
      return seeOther(`${done(libraryAdvisoriesPath(ref), 'advisory-published')}#${id}`)
    } catch (error) {
      return await answerAdvisories(call, mistakenForm(error, call.form))
    }
  },
}

const withdraw: PageRoute = {
  method: 'POST',
  path: '/@{scope}/{name}/advisories/withdraw',
  operation: 'WithdrawAdvisoryFromPage',
  budget: 'publish',
  async run(call) {
    const { libraries } = call.parts
    const actor = requireUser(call)
    const ref = libraryOfPath(call)
    await libraries.library(actor, ref) // as above
    await libraries.withdrawAdvisory(actor, fieldOf(call, 'id'))
    return seeOther(done(libraryAdvisoriesPath(ref), 'advisory-withdrawn'))
  },
}

export const advisoryRoutes: readonly PageRoute[] = [all, ofLibrary, publish, withdraw]
