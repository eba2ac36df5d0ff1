/** Forms of those who manage libraries: versions that wait, yanks, settings. */
import type { FormState } from '#api/library/pages/form-fields'
import { mistakenForm } from '#api/library/pages/form-mistakes'
import { renderSettingsPage } from '#api/library/pages/manage-pages'
import { libraryOfForm, libraryOfPath } from '#api/library/pages/named-library'
import { moderationPath, settingsPath, versionPath } from '#api/library/pages/paths'
import {
  answerPage,
  done,
  fieldOf,
  type PageCall,
  type PageRoute,
  requireUser,
  seeOther,
} from '#api/library/pages/route'
import { parseClaims } from '#api/library/pages/trusted-publishers'
import type { HttpResponse } from '#http/message'
import type { UserActor } from '#identity/actor'
import type { Libraries, VersionRef } from '#library/libraries'
import { visibilities } from '#library/manifest'
import type { LibraryRef } from '#library/model'

type Deed = Parameters<typeof done>[1]

function moderate(
  name: string,
  operation: string,
  {
    deed,
    work,
  }: { readonly deed: Deed; readonly work: (call: PageCall, ref: VersionRef) => Promise<unknown> },
): PageRoute {
  return {
    method: 'POST',
    path: `${moderationPath}/${name}`,
    operation,
    budget: 'publish',
    async run(call) {
      await work(call, { ...libraryOfForm(call), version: fieldOf(call, 'version') })
      return seeOther(done(moderationPath, deed))
    },
  }
}

const moderation = [
  moderate('approve', 'ApproveFromPage', {
    deed: 'approved',
    work: (call, ref) => call.parts.libraries.approve(requireUser(call), ref),
  }),
  moderate('reject', 'RejectFromPage', {
    deed: 'rejected',
    work: (call, ref) =>
      call.parts.libraries.reject(requireUser(call), ref, fieldOf(call, 'reason')),
  }),
]

/** What a form is about, and who has sent it. */
interface SentForm<Ref> {
  readonly libraries: Libraries
  readonly actor: UserActor
  readonly ref: Ref
  readonly text: (name: string) => string
}

function sentForm<Ref>(call: PageCall, ref: Ref): SentForm<Ref> {
  const text = (field: string): string => fieldOf(call, field)
  return { libraries: call.parts.libraries, actor: requireUser(call), ref, text }
}

/** A button or field beside a version; it leads back there. */
function versionForm(
  name: string,
  operation: string,
  {
    deed,
    work,
  }: { readonly deed: Deed; readonly work: (form: SentForm<VersionRef>) => Promise<unknown> },
): PageRoute {
  return {
    method: 'POST',
    path: `/@{scope}/{name}/v/{version}/${name}`,
    operation,
    budget: 'publish',
    async run(call) {
      const library = libraryOfPath(call)
      const version = call.names['version'] ?? ''
      await work(sentForm(call, { ...library, version }))
      return seeOther(done(versionPath(library, version), deed))
    },
  }
}

const versions = [
  versionForm('approve', 'ApproveVersionFromPage', {
    deed: 'approved',
    work: ({ libraries, actor, ref }) => libraries.approve(actor, ref),
  }),
  versionForm('yank', 'YankFromPage', {
    deed: 'yanked',
    work: ({ libraries, actor, ref, text }) => libraries.yank(actor, ref, text('reason')),
  }),
  versionForm('unyank', 'UnyankFromPage', {
    deed: 'unyanked',
    work: ({ libraries, actor, ref }) => libraries.unyank(actor, ref),
  }),
  versionForm('deprecate', 'DeprecateVersionFromPage', {
    deed: 'saved',
    work: ({ libraries, actor, ref, text }) => libraries.deprecate(actor, ref, text('message')),
  }),
  versionForm('undeprecate', 'UndeprecateVersionFromPage', {
    deed: 'saved',
    work: ({ libraries, actor, ref }) => libraries.deprecate(actor, ref, undefined),
  }),
]

/** With what was wrong with a form of it, by that form's name. */
async function answerSettings(
  call: PageCall,
  sent?: { readonly name: string; readonly form: FormState },
): Promise<HttpResponse> {
  const { libraries } = call.parts
  const actor = requireUser(call)
  const ref = libraryOfPath(call)
  const library = await libraries.versions(actor, ref)
  const [owners, grants, publishers] = await Promise.all([
    libraries.owners(actor, ref),
    libraries.grants(actor, ref),
    libraries.trustedPublishers(actor, ref),
  ])
  const issuers = call.parts.accounts.trustedPublishing.issuers()
  const page = { library, owners, grants, publishers, issuers }
  const main = renderSettingsPage({ ...page, ...(sent === undefined ? {} : { sent }) })
  const status = sent === undefined ? 200 : 422
  return answerPage(call, { title: `Settings of @${ref.scope}/${ref.name}`, main }, status)
}

const settings: PageRoute = {
  method: 'GET',
  path: '/@{scope}/{name}/settings',
  operation: 'SettingsPage',
  budget: 'metadata',
  run: (call) => answerSettings(call),
}

function settingsForm(
  name: string,
  operation: string,
  work: (form: SentForm<LibraryRef>) => Promise<unknown>,
): PageRoute {
  return {
    method: 'POST',
    path: `/@{scope}/{name}/settings/${name}`,
    operation,
    budget: 'publish',
    async run(call) {
      const ref = libraryOfPath(call)
      const form = sentForm(call, ref)
      try {
        await work(form)
        return seeOther(done(settingsPath(ref), 'saved'))
      } catch (error) {
        return await answerSettings(call, { name, form: mistakenForm(error, call.form) })
      }
    },
  }
}

const settingsForms = [
  settingsForm('visibility', 'SetVisibility', ({ libraries, actor, ref, text }) => {
    const visibility = visibilities.find((one) => one === text('visibility'))
    const confirmsPublic = text('confirm') === `@${ref.scope}/${ref.name}`
    return libraries.update(actor, ref, {
      ...(visibility === undefined ? {} : { visibility }),
      confirmsPublic,
    })
  }),
  settingsForm('publishing', 'SetPublishing', ({ libraries, actor, ref, text }) => {
    const rules = text('rules').split(' ')
    const settings = { staged: rules.includes('staged'), trustedOnly: rules.includes('trusted') }
    return libraries.update(actor, ref, { settings })
  }),
  settingsForm('invite-owner', 'OfferLibrary', ({ libraries, actor, ref, text }) => {
    const kind = text('kind') === 'transfer' ? 'transfer' : 'co-owner'
    return libraries.invite(actor, ref, { handle: handleIn(text('handle')), kind })
  }),
  settingsForm('withdraw-owner', 'WithdrawOffer', ({ libraries, actor, ref, text }) =>
    libraries.decline(actor, ref, text('handle')),
  ),
  settingsForm('remove-owner', 'RemoveOwnerFromPage', ({ libraries, actor, ref, text }) =>
    libraries.removeOwner(actor, ref, text('handle')),
  ),
  settingsForm('grant', 'LetIn', ({ libraries, actor, ref, text }) => {
    const role = text('role') === 'publish' ? 'publish' : 'read'
    return libraries.setGrant(actor, ref, handleIn(text('handle')), role)
  }),
  settingsForm('remove-grant', 'LetOut', ({ libraries, actor, ref, text }) =>
    libraries.removeGrant(actor, ref, text('handle')),
  ),
  settingsForm('trust', 'TrustPublisher', ({ libraries, actor, ref, text }) => {
    const publisher = { issuer: text('issuer'), claims: parseClaims(text('claims')) }
    return libraries.addTrustedPublisher(actor, ref, publisher)
  }),
  settingsForm('distrust', 'DistrustPublisher', ({ libraries, actor, ref, text }) =>
    libraries.removeTrustedPublisher(actor, ref, text('id')),
  ),
  settingsForm('tag', 'SetChannel', ({ libraries, actor, ref, text }) =>
    libraries.setDistTag(actor, ref, text('tag'), text('version')),
  ),
  settingsForm('remove-tag', 'RemoveChannel', ({ libraries, actor, ref, text }) =>
    libraries.removeDistTag(actor, ref, text('tag')),
  ),
  settingsForm('deprecate', 'DeprecateFromPage', ({ libraries, actor, ref, text }) =>
    libraries.deprecate(actor, ref, text('message')),
  ),
  settingsForm('undeprecate', 'UndeprecateFromPage', ({ libraries, actor, ref }) =>
    libraries.deprecate(actor, ref, undefined),
  ),
  settingsForm('archive', 'ArchiveLibrary', ({ libraries, actor, ref }) =>
    libraries.update(actor, ref, { isArchived: true }),
  ),
  settingsForm('unarchive', 'UnarchiveLibrary', ({ libraries, actor, ref }) =>
    libraries.update(actor, ref, { isArchived: false }),
  ),
]

/** As people write it. */
function handleIn(text: string): string {
  return text.replace(/^@/, '').toLowerCase()
}

export const manageRoutes: readonly PageRoute[] = [
  ...moderation,
  ...versions,
  settings,
  ...settingsForms,
]
