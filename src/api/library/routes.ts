/** All operations on libraries; those on people are `api/accounts`. */
import {
  checkAdvisories,
  listAdvisories,
  publishAdvisory,
  withdrawAdvisory,
} from '#api/library/advisories'
import { getBadge } from '#api/library/badge'
import { deleteLibrary } from '#api/library/delete-library'
import { deleteVersion } from '#api/library/delete-version'
import {
  deprecateLibrary,
  deprecateVersion,
  undeprecateLibrary,
  undeprecateVersion,
} from '#api/library/deprecation'
import { diffVersions } from '#api/library/diff-versions'
import { listDistTags, removeDistTag, setDistTag } from '#api/library/dist-tags'
import { downloadArchive } from '#api/library/download-archive'
import { getFeed } from '#api/library/feed'
import { getFile, getReadme, listFiles } from '#api/library/files'
import { findLibraries } from '#api/library/find-libraries'
import { getLibrary } from '#api/library/get-library'
import { getVersion } from '#api/library/get-version'
import { listGrants, removeGrant, setGrant } from '#api/library/grants'
import { listVersions } from '#api/library/list-versions'
import {
  acceptOwnership,
  declineOwnership,
  inviteOwner,
  listOwnerInvitations,
  listOwners,
  removeOwner,
  transferLibrary,
} from '#api/library/owners'
import { getProvenance, getScan, getSignature, listKeys, rotateKey } from '#api/library/proofs'
import { publishForm } from '#api/library/publish-form'
import { publishVersion } from '#api/library/publish-version'
import { getQuota, setQuota } from '#api/library/quota'
import { resolveVersion } from '#api/library/resolve-version'
import { approveVersion, listModeration, rejectVersion } from '#api/library/review'
import type { LibraryParts } from '#api/library/route'
import { searchInside } from '#api/library/search-inside'
import { apiUse, downloadStatistics, libraryStatistics } from '#api/library/statistics'
import {
  addTrustedPublisher,
  listTrustedPublishers,
  removeTrustedPublisher,
} from '#api/library/trusted-publishers'
import { updateLibrary } from '#api/library/update-library'
import { addWebhook, listWebhooks, removeWebhook } from '#api/library/webhooks'
import { unyankVersion, yankVersion } from '#api/library/yank-version'
import type { RestRoute } from '#api/rest-route'

export const libraryRoutes: readonly RestRoute<LibraryParts>[] = [
  findLibraries,
  publishForm,
  listOwnerInvitations,
  getLibrary,
  updateLibrary,
  deleteLibrary,
  publishVersion,
  getVersion,
  deleteVersion,
  listVersions,
  downloadArchive,
  listFiles,
  getFile,
  getReadme,
  resolveVersion,
  searchInside,
  diffVersions,
  yankVersion,
  unyankVersion,
  deprecateVersion,
  undeprecateVersion,
  deprecateLibrary,
  undeprecateLibrary,
  listDistTags,
  setDistTag,
  removeDistTag,
  approveVersion,
  rejectVersion,
  listModeration,
  getProvenance,
  getSignature,
  getScan,
  listKeys,
  rotateKey,
  listOwners,
  inviteOwner,
  removeOwner,
  acceptOwnership,
  declineOwnership,
  transferLibrary,
  listGrants,
  setGrant,
  removeGrant,
  listTrustedPublishers,
  addTrustedPublisher,
  removeTrustedPublisher,
  listWebhooks,
  addWebhook,
  removeWebhook,
  getBadge,
  downloadStatistics,
  libraryStatistics,
  apiUse,
  getFeed,
  listAdvisories,
  publishAdvisory,
  withdrawAdvisory,
  checkAdvisories,
  getQuota,
  setQuota,
]
